"""The state of the medium and of the device, in the words of XFS (CWA 16926) and XFS4IoT (CWA 17852)."""

from __future__ import annotations

from enum import StrEnum

import msgspec


class Media(StrEnum):
    """The place of the book or sheet."""

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
    """The device did not say, or said a place that its profile does not know."""


class Device(StrEnum):
    """The readiness of the device."""

    ONLINE = "online"
    OFFLINE = "offline"
    POWER_OFF = "powerOff"
    HARDWARE_ERROR = "hardwareError"
    USER_ERROR = "userError"
    """A person must act: cover, ribbon, paper."""
    BUSY = "deviceBusy"


class MechanismStatus(msgspec.Struct, frozen=True, rename="camel"):
    """The last words of a mechanism about itself.

    Attributes:
        conditions: keywords of passbook.job.states.Reason.
        cause: the reason for which it cannot be reached, in the system's words: `ENOENT: No such file or directory`;
            else empty.
    """

    device: Device
    media: Media
    conditions: tuple[str, ...] = ()
    cause: str = ""
