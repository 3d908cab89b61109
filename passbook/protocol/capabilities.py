"""What a client may ask before anything else: where the service is, and which commands it has for this caller."""

from __future__ import annotations

import msgspec

from passbook.job.actor import Actor, Role


class ServiceAddress(msgspec.Struct, frozen=True):
    """Where one service of the appliance is."""

    service_uri: str = msgspec.field(name="serviceURI")


class Services(msgspec.Struct, frozen=True, rename="camel"):
    """Completion of `ServicePublisher.GetServices`."""

    vendor_name: str
    services: tuple[ServiceAddress, ...]


class Interface(msgspec.Struct, frozen=True):
    """The commands of one interface."""

    name: str
    commands: tuple[str, ...]


class Capabilities(msgspec.Struct, frozen=True):
    """Completion of `Common.Capabilities`: who the caller is, and the commands that its roles permit.

    Attributes:
        name: the name that its door proved.
        roles: what it may be, as in the table of commands.
        zone: the time zone of the appliance, by its name in the time zone database; empty where it has none.
    """

    interfaces: tuple[Interface, ...]
    name: str
    roles: tuple[Role, ...]
    zone: str


def capabilities_of(commands: tuple[str, ...], actor: Actor, zone: str) -> Capabilities:
    """These commands, gathered by interface, for this caller."""
    interfaces: dict[str, tuple[str, ...]] = {}
    for name in dict.fromkeys(commands):
        interface = name.partition(".")[0]
        interfaces[interface] = (*interfaces.get(interface, ()), name)
    gathered = tuple(Interface(name, found) for name, found in interfaces.items())
    return Capabilities(gathered, actor.name, tuple(role for role in Role if role in actor.roles), zone)
