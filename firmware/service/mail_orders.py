"""The orders about mail that people give, as operations see them."""

from __future__ import annotations

from typing import Protocol

from passbook.job.record import Record
from passbook.protocol.messages import MoveJob
from passbook.protocol.operators import AskRoute, RouteTest


class MailOrders(Protocol):
    """What people order about mail and its destinations."""

    async def move(self, record: Record, order: MoveJob) -> Record:
        """Send a job to a substitute.  Raises PassbookError."""

    def say_route(self, asked: AskRoute) -> RouteTest:
        """What would happen to a mail."""
