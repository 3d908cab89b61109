"""What is known of the medium and of the device, in the words of XFS (CWA 16926) and XFS4IoT (CWA 17852)."""

from __future__ import annotations

from enum import StrEnum

import msgspec


class Media(StrEnum):
    """Where the book or sheet is."""

    PRESENT = "present"
    """It lies in the print position."""
    NOT_PRESENT = "notPresent"
    """The path is empty."""
    ENTERING = "entering"
    """It lies in the slot: put there by a person, or given back and not yet taken."""
    JAMMED = "jammed"
    """It is stuck."""
    RETRACTED = "retracted"
    """The device has pulled it into a bin."""
    UNKNOWN = "unknown"
    """The device did not say, or said what its profile does not know."""


class Device(StrEnum):
    """Whether the device can work."""

    ONLINE = "online"
    OFFLINE = "offline"
    POWER_OFF = "powerOff"
    HARDWARE_ERROR = "hardwareError"
    USER_ERROR = "userError"
    """A person must do something: cover, ribbon, paper."""
    BUSY = "deviceBusy"


class MechanismStatus(msgspec.Struct, frozen=True, rename="camel"):
    """What a mechanism last said of itself.

    Attributes:
        conditions: keywords of passbook.job.states.Reason.
        cause: why it cannot be reached, as the system said it: `ENOENT: No such file or directory`; else empty.
    """

    device: Device
    media: Media
    conditions: tuple[str, ...] = ()
    cause: str = ""
