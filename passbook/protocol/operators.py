"""`Appliance.*`: what operators and auditors ask of the appliance itself (docs/protocol.md)."""

from __future__ import annotations

from typing import Annotated

import msgspec
from msgspec import Meta

from passbook.protocol.history_reply import MOST_LISTED, GetHistory
from passbook.protocol.messages import Payload


class ListHistory(GetHistory, frozen=True):
    """`Appliance.ListHistory`: as GetHistory, with more entries in one answer, and by person for every caller."""

    last: Annotated[int, Meta(ge=1, le=MOST_LISTED)] = 50


class AreaRef(Payload, frozen=True):
    """`Appliance.VerifyArea`: the name of an area."""

    area: str


class AcceptRollback(Payload, frozen=True):
    """`Appliance.AcceptRollback`: `person` goes on with an area although it was rolled back."""

    area: str
    person: str


class AcceptNewStore(Payload, frozen=True):
    """`Appliance.AcceptNewStore`: `person` says that what all areas held is lost."""

    person: str


class VouchForClock(Payload, frozen=True):
    """`Appliance.VouchForClock`: `person` says that the clock is right."""

    person: str


class PausePrinter(Payload, frozen=True):
    """`Appliance.PausePrinter`: `person` has a printer start no job, for a `reason` in words; empty for none."""

    printer: str
    person: str
    reason: str = ""


class ResumePrinter(Payload, frozen=True):
    """`Appliance.ResumePrinter`: `person` has a paused printer start jobs again."""

    printer: str
    person: str


class AcceptedArea(msgspec.Struct, frozen=True):
    """Completion of `Appliance.AcceptRollback`: the area's state now."""

    area: str
    accepted: bool
    state: str


class AcceptedStore(msgspec.Struct, frozen=True):
    """Completion of `Appliance.AcceptNewStore`: the state of each area now."""

    accepted: bool
    areas: dict[str, str]


class Revocations(msgspec.Struct, frozen=True):
    """Completion of `Appliance.ReadRevocations`.

    Attributes:
        closed: the terminals whose connections were ended.
        revoked: how many certificates the list in force has.
    """

    closed: tuple[str, ...]
    revoked: int


class AskRoute(Payload, frozen=True):
    """`Appliance.TestRoute`: what would happen to a mail.

    Attributes:
        address: the recipient.
        sender: the sender of the envelope; empty for the null sender.
        network: the IP address from which an unproven sender would come; empty for a sender that proves who it is.
    """

    address: str
    sender: str = ""
    network: str = ""


class RouteTest(msgspec.Struct, frozen=True, rename="camel"):
    """Completion of `Appliance.TestRoute`: each step with its reason; `taken`: the recipient would be accepted."""

    taken: bool
    steps: tuple[str, ...]


class ClockReport(msgspec.Struct, frozen=True, rename="camel"):
    """Completion of `Appliance.GetClock` and `Appliance.VouchForClock`: what the appliance believes of time.

    Attributes:
        wall: wall time, ISO 8601 in UTC.
        local: the same in the machine's time zone, by which business days end.
        certificates: the time by which certificates are judged.
    """

    wall: str
    local: str
    business_date: str
    trusted: bool
    why: str
    certificates: str
