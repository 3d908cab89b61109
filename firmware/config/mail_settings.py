"""`[mail]`, `[[hop]]` and `[[route]]`: printing by mail (R1-R4), judged together."""

from __future__ import annotations

import ipaddress
from collections.abc import Collection
from pathlib import Path
from typing import Annotated, Final, Literal, TypeAlias

import msgspec
from msgspec import Meta

from firmware.config.toml import KeySource, Misfit, shown_value
from passbook.errors import PassbookError
from passbook.mail.mail_address import parse_mail_address
from passbook.mail.routes import ANY, Route
from passbook.protocol.host_port import split_host_port

MailListen = Annotated[
    str,
    Meta(
        pattern=r"\A([A-Za-z0-9.-]+|\[[0-9A-Fa-f:.]+\]):[0-9]{1,5}\Z",
        description='an address with its port such as "0.0.0.0:25" or "[::]:25"',
    ),
]
GoalName = Annotated[
    str, Meta(pattern=r"\A[A-Za-z0-9][A-Za-z0-9_.-]{0,63}\Z", description="the name of a printer or of a [[hop]]")
]
GoalNames = Annotated[tuple[GoalName, ...], Meta(description="a list of names of printers and next hops")]
MailName = Annotated[
    str,
    Meta(
        pattern=r"\A[A-Za-z0-9]([A-Za-z0-9.-]{0,251}[A-Za-z0-9])?\Z",
        description='the name of a mail system such as "branch-7.example.com"',
    ),
]
TextList = Annotated[tuple[str, ...], Meta(description="a list of texts")]
GraceSeconds = Annotated[float, Meta(ge=0, le=86400, description="a number of seconds from 0 to 86400")]
Hours = Annotated[float, Meta(gt=0, le=2160, description="a number of hours above 0 and at most 2160")]
Unknown: TypeAlias = Annotated[Literal["refuse", "hold"], Meta(description='"refuse" or "hold"')]
Protection: TypeAlias = Annotated[Literal["required", "none"], Meta(description='"required" or "none"')]


class MailConfig(msgspec.Struct, frozen=True):
    """`[mail]`: the mail door.

    Attributes:
        listen: its address.
        hostname: the name of this mail system; in its greeting, and in the headers that it writes into messages.
        unknown_senders: whether mail of a sender without proof, from a network that its route does not name, is
            refused, or accepted and held for a representative.
        appliances: the names in the certificates of appliances that hand on mail of others.
        grace_offline: seconds for which a printer must be gone before its jobs go to substitutes.
        grace_attention: seconds likewise for one that needs a person: cover, jam, ribbon, paper.
        grace_unreachable: seconds likewise for a next hop that cannot be reached.
        passwords: the source of lines `terminal:password`, for SMTP AUTH; None where no terminal may do that.
    """

    listen: MailListen
    hostname: MailName
    unknown_senders: Unknown = "refuse"
    appliances: TextList = ()
    passwords: KeySource | None = None
    grace_offline: GraceSeconds = 60.0
    grace_attention: GraceSeconds = 300.0
    grace_unreachable: GraceSeconds = 60.0

    @property
    def address(self) -> tuple[str, int]:
        """Host (an IPv6 address without its brackets) and port."""
        return split_host_port(self.listen)


class HopConfig(msgspec.Struct, frozen=True):
    """`[[hop]]`: a next hop, by its own address; no DNS is asked.

    Attributes:
        address: its host and port.
        tls: whether the conversation must be under STARTTLS with a certificate of `ca`.
        ca: PEM file with the authority of its certificate; that of the terminals where it is left out.
        server_name: the name in its certificate; the host of its address where it is left out.
        certificate: PEM file with the certificate that its authority gave to this appliance; None for none.
        key: PEM file with the key of that certificate.
        login: the source of `user:password` for SMTP AUTH; None for none.
        appliance: it is an appliance, which takes the same mail again for the same job.
        give_up_hours: how long it is tried; then people decide.
    """

    name: GoalName
    address: MailListen
    tls: Protection = "required"
    ca: Path | None = None
    server_name: MailName | None = None
    certificate: Path | None = None
    key: Path | None = None
    login: KeySource | None = None
    appliance: bool = False
    give_up_hours: Hours = 24.0

    @property
    def place(self) -> tuple[str, int]:
        """Host (an IPv6 address without its brackets) and port."""
        return split_host_port(self.address)


class RouteConfig(msgspec.Struct, frozen=True):
    """`[[route]]`: where mail for some recipients goes.

    Attributes:
        to: whole addresses, domains as "@example.com", or "*" for any address.
        printer: a printer of this appliance.
        hop: a next hop; a route has one of both.
        substitutes: printers and next hops that stand in, in their order.
        networks: networks such as "10.2.0.0/16" whose senders need no proof of identity.
        layout: the layout of documents that name none.
    """

    to: TextList
    printer: GoalName | None = None
    hop: GoalName | None = None
    substitutes: GoalNames = ()
    networks: TextList = ()
    layout: GoalName | None = None

    @property
    def route(self) -> Route:
        """The same route for the rules of mail."""
        goal = self.printer or self.hop or ""
        to = tuple(one.lower() for one in self.to)
        return Route(to, goal, self.substitutes, self.networks, self.layout or "")


_LOCAL: Final = "x"
"""A local part, to judge a domain by."""


def judge_mail(
    mail: MailConfig | None,
    hops: Collection[HopConfig],
    routes: Collection[RouteConfig],
    printers: Collection[str],
    *,
    takes_jobs_without_key: bool,
) -> None:
    """Judge the tables of mail together with the printers' names.  Raises Misfit."""
    if mail is None:
        if routes or hops:
            raise Misfit("mail", "expected the table [mail], as there are routes or next hops")
        return
    if not takes_jobs_without_key:
        raise Misfit("keys.own_key_jobs", "expected true, since a mail brings no requester's key")
    if not routes:
        raise Misfit("route", "expected at least one [[route]] beside [mail]")
    names = [hop.name for hop in hops]
    _judge_hops(hops, names, printers)
    taken: set[str] = set()
    for number, route in enumerate(routes):
        _judge_route(f"route[{number}]", route, names, printers)
        for one in route.route.to:
            if one in taken:
                raise Misfit(f"route[{number}].to", f"{shown_value(one)} stands in an earlier route")
            taken.add(one)


def _judge_hops(hops: Collection[HopConfig], names: list[str], printers: Collection[str]) -> None:
    for number, hop in enumerate(hops):
        if (hop.certificate is None) != (hop.key is None):
            raise Misfit(f"hop[{number}].key", "expected certificate and key together")
        if hop.tls == "none" and (hop.login is not None or hop.certificate is not None):
            raise Misfit(f"hop[{number}].tls", "expected TLS, since a password or a certificate is to be shown")
        if hop.name in names[:number] or hop.name in printers:
            raise Misfit(f"hop[{number}].name", f"{shown_value(hop.name)} is taken by another hop or a printer")


def _judge_route(where: str, route: RouteConfig, hops: Collection[str], printers: Collection[str]) -> None:
    if (route.printer is None) == (route.hop is None):
        raise Misfit(where, "expected a printer or a hop, and not both")
    if route.printer is not None and route.printer not in printers:
        raise Misfit(f"{where}.printer", f"{shown_value(route.printer)} is no [[printer]]")
    if route.hop is not None and route.hop not in hops:
        raise Misfit(f"{where}.hop", f"{shown_value(route.hop)} is no [[hop]]")
    for one in route.substitutes:
        if one not in printers and one not in hops:
            raise Misfit(f"{where}.substitutes", f"{shown_value(one)} is neither a [[printer]] nor a [[hop]]")
        if one in {route.printer, route.hop}:
            raise Misfit(f"{where}.substitutes", f"{shown_value(one)} cannot stand in for itself")
    if not route.to:
        raise Misfit(f"{where}.to", "expected at least one address")
    _judge_texts(where, route)


def _judge_texts(where: str, route: RouteConfig) -> None:
    for one in route.to:
        try:
            _ = one == ANY or parse_mail_address(_LOCAL + one if one.startswith("@") else one)
        except PassbookError:
            why = f'expected an address, a domain such as "@example.com", or "*", got {shown_value(one)}'
            raise Misfit(f"{where}.to", why) from None
    for network in route.networks:
        try:
            ipaddress.ip_network(network)
        except ValueError:
            raise Misfit(f"{where}.networks", f"expected networks, got {shown_value(network)}") from None
