"""The reasons of a job's state in words for people."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from passbook.job import Reason

REASON_WORDS: Final[Mapping[str, str]] = MappingProxyType(
    {
        Reason.POWER_LOSS: "the power failed",
        Reason.RESTART: "the appliance was restarted",
        Reason.ROLLED_BACK: "its storage was put back to an earlier state, or altered",
        Reason.MEDIA_NEEDED: "its book was not put in",
        Reason.MEDIA_JAM: "paper is jammed",
        Reason.MEDIA_NOT_TAKEN: "a book was not taken out",
        Reason.COVER_OPEN: "a cover of the printer is open",
        Reason.RIBBON_OUT: "the ribbon is used up",
        Reason.NOT_ACCEPTED: "the printer did not accept a command",
        Reason.ATTENTION: "the printer needs attention",
        Reason.SILENT: "the printer does not answer",
        Reason.GARBLED: "the printer's answers cannot be read",
        Reason.UNPLUGGED: "the printer cannot be reached",
        Reason.HELD_BY_PERSON: "it is held",
        Reason.CANCELED_BY_PERSON: "a person canceled it",
        Reason.DISCARDED_BY_ANSWER: "a person discarded it",
        Reason.CLOSED_BY_ANSWER: "a person said that all of it is on paper",
        Reason.COMPLETED: "every line is on paper",
        Reason.UNREADABLE: "its stored content cannot be read",
        Reason.EXPIRED: "its day is over and its question was not answered",
    }
)
"""Reason -> that reason in words for people, fit to stand behind a colon."""
