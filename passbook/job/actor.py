"""Who asks: the name, the roles, and how both were proved.

Theory of operation.  A door proves an actor once, by a certificate or by what the kernel knows of a caller, and hands
it on with everything that the caller asks.  No message says who sends it, so no message can lie about it (P12).  What
an actor may call is data of the catalogue of operations; what it may do with one job is said here.
"""

from __future__ import annotations

from enum import StrEnum
from typing import Self

import msgspec

from passbook.errors import PassbookError


class Role(StrEnum):
    """What an actor may be to the appliance."""

    REQUESTER = "requester"
    """A terminal that sends jobs and decides about its own."""
    REPRESENTATIVE = "representative"
    """A terminal that decides about everybody's jobs too."""
    OPERATOR = "operator"
    """A person at the appliance: orders and looks after it, and never answers a question."""
    AUDITOR = "auditor"
    """A person who reads the history and verifies it, and decides nothing."""
    WALL = "wall"
    """A screen that everybody in the room sees: it shows the queue without persons and documents, decides nothing."""


class Certificate(msgspec.Struct, frozen=True):
    """Proof of a terminal: it has the key of the certificate with this serial number."""

    serial: int


class UnixCaller(msgspec.Struct, frozen=True):
    """Proof of a caller at this machine: the user and the process that the kernel names."""

    uid: int
    pid: int


class MailSender(msgspec.Struct, frozen=True):
    """Proof of the sender of a mail.

    Attributes:
        vouched_by: the terminal or appliance that proved itself and named the sender; empty for an unproven one.
    """

    vouched_by: str


class Actor(msgspec.Struct, frozen=True):
    """Who asks; `name` stands in records, history and sentences."""

    name: str
    roles: frozenset[Role]
    proof: Certificate | UnixCaller | MailSender

    @classmethod
    def of_terminal(cls, name: str, *, representative: bool, serial: int) -> Self:
        """The actor that a certificate names."""
        roles = {Role.REQUESTER, Role.REPRESENTATIVE} if representative else {Role.REQUESTER}
        return cls(name, frozenset(roles), Certificate(serial))

    @classmethod
    def of_mail(cls, sender: str, vouched_by: str) -> Self:
        """The sender of a mail, by the address of the envelope; no certificate can have its name.

        Each unproven sender has a name of its own, so it cannot take the request of a proven one (P10).
        """
        return cls(f"{'mail' if vouched_by else 'unproven'}:{sender or '<>'}", frozenset(), MailSender(vouched_by))

    @classmethod
    def of_mail_terminal(cls, terminal: str, vouched_by: str) -> Self:
        """A terminal that sends mail under its own name."""
        return cls(terminal, frozenset({Role.REQUESTER}), MailSender(vouched_by))

    @property
    def is_representative(self) -> bool:
        """Whether it decides about everybody's jobs (F3)."""
        return Role.REPRESENTATIVE in self.roles

    @property
    def is_terminal(self) -> bool:
        """Whether it is a terminal, or a program at one."""
        return Role.REQUESTER in self.roles

    @property
    def is_operator(self) -> bool:
        """Whether it gives orders at the appliance itself."""
        return Role.OPERATOR in self.roles

    @property
    def is_wall(self) -> bool:
        """Whether it is a screen that everybody in the room sees."""
        return Role.WALL in self.roles

    def may_decide(self, requester: str) -> bool:
        """P12: about a job decide its requester and the representatives."""
        return self.name == requester or self.is_representative

    def may_order(self, requester: str) -> bool:
        """Whether it may cancel, hold and release a job, and reads who did: an operator too, who answers nothing."""
        return self.is_operator or self.may_decide(requester)


def may_not_decide(who: str, job: str) -> PassbookError:
    """The refusal of an actor that is neither the requester of a job nor a representative."""
    return PassbookError(
        "not-permitted", who=who, deed=f"decide about job {job}", whom="its requester or a representative"
    )
