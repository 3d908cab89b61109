"""What a client may ask before anything else: where the service is, and which commands it has for this caller."""

from __future__ import annotations

import msgspec


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
    """Completion of `Common.Capabilities`: the commands that the caller's roles permit."""

    interfaces: tuple[Interface, ...]


def capabilities_of(commands: tuple[str, ...]) -> Capabilities:
    """These commands, gathered by interface."""
    interfaces: dict[str, tuple[str, ...]] = {}
    for name in commands:
        interface = name.partition(".")[0]
        interfaces[interface] = (*interfaces.get(interface, ()), name)
    return Capabilities(tuple(Interface(name, found) for name, found in interfaces.items()))
