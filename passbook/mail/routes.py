"""Routes: the goal of the mail for each recipient, and its permitted senders; decided by the envelope alone (R3).

A route names addresses or whole domains, and one goal: a printer of this appliance or a next hop.  The route with the
whole address wins over the one with the domain, and that one over a route for any address ("*").  Senders without a
proven identity need a route that names the network from which they come.  Nothing is looked up anywhere: a name that no
route knows is refused.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Sequence
from typing import Final, NamedTuple

import msgspec

from passbook.errors import PassbookError
from passbook.mail.mail_address import MailAddress

ANY: Final = "*"
"""In place of addresses: every recipient that no other route names."""


class Route(msgspec.Struct, frozen=True):
    """One way for mail.

    Attributes:
        to: whole addresses, domains as "@domain", or ANY; in lower case.
        goal: the name of a printer or of a next hop.
        substitutes: names of printers or next hops, in the order in which they stand in (R4).
        networks: the networks whose senders need no proof of identity.
        layout: the layout of documents that name none; empty for the one of their format.
    """

    to: tuple[str, ...]
    goal: str
    substitutes: tuple[str, ...] = ()
    networks: tuple[str, ...] = ()
    layout: str = ""


class Caller(NamedTuple):
    """The peer of an SMTP conversation.

    Attributes:
        address: its IP address.
        name: the identity that it proved by a certificate or a password; empty for none.
        hands_on: it is a next hop of ours and hands on mail of others.
    """

    address: str
    name: str = ""
    hands_on: bool = False


class Judged(NamedTuple):
    """The judgement about one recipient: the route and the words of each step on the way to it."""

    route: Route | None
    steps: tuple[str, ...]
    error: PassbookError | None = None


def find_route(routes: Sequence[Route], recipient: MailAddress) -> Route | None:
    """The route for a recipient; None where none names it."""
    for wanted in (recipient.key, f"@{recipient.domain}", ANY):
        for route in routes:
            if wanted in route.to:
                return route
    return None


def judge_recipient(routes: Sequence[Route], recipient: MailAddress, caller: Caller) -> Judged:
    """Where mail for this recipient goes, when this caller brings it, with the reason in words for each step."""
    route = find_route(routes, recipient)
    if route is None:
        steps = (f"No route names {recipient}, its domain, or any address.",)
        return Judged(None, steps, PassbookError("mail-recipient-unknown", address=str(recipient)))
    named = next(wanted for wanted in (recipient.key, f"@{recipient.domain}", ANY) if wanted in route.to)
    steps = (f'The route to "{named}" leads to {route.goal}.',)
    if caller.name:
        return Judged(route, (*steps, f"The sender proved that it is {caller.name}."))
    if is_in(caller.address, route.networks):
        return Judged(route, (*steps, f"The sender at {caller.address} is in a network that this route names."))
    words = (*steps, f"The sender at {caller.address} proved no identity, and this route names no network of it.")
    return Judged(route, words, PassbookError("mail-sender-unknown", address=caller.address))


def is_in(address: str, networks: Sequence[str]) -> bool:
    """Whether an IP address is of one of the networks; an IPv4 address inside of IPv6 counts as what it is."""
    try:
        one = ipaddress.ip_address(address)
    except ValueError:
        return False
    plain = one.ipv4_mapped if isinstance(one, ipaddress.IPv6Address) and one.ipv4_mapped else one
    return any(plain in ipaddress.ip_network(network) for network in networks)
