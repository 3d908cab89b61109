"""One mail from its envelope to its last notification, with people who look at both papers before they say anything."""

from __future__ import annotations

import asyncio
import smtplib
from email.policy import SMTP
from typing import Final

from typing_extensions import override

from client.connection import TerminalClient
from passbook.document.plan import StepKind, StepOutline
from passbook.errors import PassbookError
from passbook.job.choice import IfApart, Keep, Side
from passbook.job.states import Reason
from passbook.protocol.messages import Question
from tests.crash.errand import LOST, Errand, Flow
from tests.crash.mail_side import BANK, HOP, MESSAGE_ID, SENDER, MailSide, broadcast
from tests.crash.sides import DOCUMENT, MANAGER, TERMINAL, PoweredSide

_BY_MAIL: Final = Flow(Keep.APPLIANCE, Side.APPLIANCE, IfApart.ASK)
NEVER: Final = -1
"""The number of no sync."""


class MailErrand(Errand):
    """The bank's program, which sends the mail until it heard 250, and a manager with the book."""

    def __init__(self, office: MailSide) -> None:
        super().__init__(office, _BY_MAIL)
        self._mail = office
        self._boot = -1
        self._is_said = False
        self._children: set[str] = set()
        self.replies: list[str] = []

    async def run_to_end(self) -> None:
        """Do all of it; again, where the power goes after all was over.  From then on it does not go."""
        while True:
            await self.run()
            self._mail.appliance.log.count(NEVER)
            if self._mail.appliance.is_on:
                return

    @override
    async def run(self) -> None:
        office = self._mail
        while True:
            office.changed.clear()
            try:
                async with TerminalClient.at(office.to_appliance(MANAGER)) as client:
                    await self._stay(client)
                    return
            except PassbookError as error:
                if error.code not in LOST:
                    raise
            if not office.appliance.is_on:
                await office.changed.wait()

    @override
    async def _stay(self, client: TerminalClient) -> None:
        office = self._mail
        while True:
            office.changed.clear()
            await self._look(client)
            if office.appliance.is_on and self._is_over():
                await self._send(office.appliance)
                return
            await office.changed.wait()

    @override
    async def _look(self, client: TerminalClient) -> None:
        """Look what is there and send the mail, once after each boot; then do what is asked."""
        by = self._mail.appliance
        if by.is_on and self._boot != by.number:
            self._judge_boot()
            self._boot = by.number
            await self._send(by)
        for prompt in list(by.prompts.values()):
            self._do(prompt)
        if self._is_book_in_hand():
            for question in await client.questions():
                with self._refused():
                    await self._answer(client, question)

    def _judge_boot(self) -> None:
        """P1, P10: what was acknowledged is there, and of anything else all is there or nothing."""
        office = self._mail
        found = {one.job_id[:8] for one in office.children()}
        if self._children - found:
            office.fault(f"P1: {len(self._children - found)} jobs of a mail are gone")
        if len(found) not in {0, office.flow.jobs}:
            office.fault(f"P1: {len(found)} jobs are there of a mail with {office.flow.jobs}")
        self._children |= found
        office.judge_places()

    async def _send(self, by: PoweredSide) -> None:
        """Send the mail, and judge the reply.  What comes after the cut was never heard."""
        reply = await asyncio.to_thread(self._deliver)
        if by.is_cut:
            return
        self.replies.append(reply)
        office = self._mail
        moved = any(Reason.MOVED in one.reasons for one in office.children())
        if reply.startswith("450 4.4.6") and moved:
            return
        if not reply.startswith("250 "):
            office.fault(f"the mail is refused: {reply}")
            return
        jobs = set(reply.partition("On disk:")[2].split())
        if len(jobs) != office.flow.jobs:
            office.fault(f"P1: 250 was said of {len(jobs)} jobs of a mail with {office.flow.jobs}")
        if self._children and jobs != self._children:
            office.fault("P10: the same mail became other jobs")
        self._children |= jobs

    def _deliver(self) -> str:
        """Hand the mail over with the certificate of a terminal; the reply, or what went wrong instead."""
        office = self._mail
        host, _, port = office.door.rpartition(":")
        message = broadcast(office.flow, DOCUMENT).as_bytes(policy=SMTP)
        try:
            with smtplib.SMTP(host, int(port), local_hostname="client.example", timeout=30) as client:
                client._host = office.branch.appliance  # type: ignore[attr-defined]
                client.starttls(context=office.branch.terminal(TERMINAL).context())
                client.ehlo()
                client.mail(SENDER, [])
                for one in office.flow.recipients:
                    client.rcpt(one, ["NOTIFY=SUCCESS,FAILURE,DELAY"])
                code, words = client.data(message)
        except (OSError, smtplib.SMTPException) as error:
            return type(error).__name__
        return f"{code} {words.decode()}"

    @override
    async def _answer(self, client: TerminalClient, question: Question) -> None:
        office, job = self._mail, question.job
        if job.printer == BANK:
            office.fault("F5: people are asked about a notification")
        if job.printer == HOP and office.flow.drops_doubles:
            office.fault("P4: people are asked about a next hop that drops doubles")
        office.ordered.add((office.appliance.number, job.job))
        await super()._answer(client, question)

    @override
    def _first_missing(self, outline: tuple[StepOutline, ...]) -> int:
        if outline[0].kind is StepKind.RELAY:
            return 2 if self._mail.south.has(MESSAGE_ID) else 1
        return super()._first_missing(outline)

    @override
    def _is_over(self) -> bool:
        office = self._mail
        is_told = not office.wanted_ends() - office.told_ends()
        return bool(self._children) and is_told and not office.appliance.spool.records()

    @override
    def describe(self) -> str:
        office = self._mail
        jobs = [
            f"{one.printer} {one.state.value} valid {one.valid} {list(one.reasons)} {one.confirmed}/{one.sending}"
            for one in (office.appliance.spool.records() if office.appliance.is_on else ())
        ]
        told = f"replies {self.replies}, refused {self.refused}, told {dict(office.told_ends())}"
        return f"boot {office.appliance.number}: {jobs}, prompts {office.appliance.prompts}, {told}"
