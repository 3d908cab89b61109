"""An appliance that takes mail, whole and in this process, on a disk whose power goes at the n-th sync.

Beside it are a next hop and the mailbox of the bank, which never lose their power.  From the cut on no byte of the
appliance reaches them, a sender or the printer.
"""

from __future__ import annotations

import contextlib
import smtplib
from collections import Counter
from collections.abc import Callable, Sequence
from email.message import EmailMessage
from functools import partial
from pathlib import Path
from typing import Any, Final, NamedTuple
from unittest.mock import patch

from aiosmtpd.smtp import Envelope
from typing_extensions import override

from demo.mail_servers import Mailbox, free_address, outcomes_of
from drivers.ports.port import PortError, PortTrouble
from drivers.session import DocumentSession
from drivers.stop import MechanismStop
from firmware.service import substitution
from passbook.job.choice import Side
from passbook.job.record import HistoryKind, Record
from passbook.job.relaying import is_notification, is_relay
from passbook.job.states import Reason
from spooler import next_hop
from spooler.clock import SystemClock
from spooler.printer import PrinterSettings
from tests.crash.sides import PRINTER, PoweredSide, TwoSides
from tests.crash.states import Image
from tests.crash.troubles_of_sides import Trouble
from tests.terminal.conftest import Branch

HOP: Final = "south"
BANK: Final = "bank"
SENDER: Final = "anna@bank.example"
MESSAGE_ID: Final = "<one@bank.example>"
OWN: Final = "window-1@north.example"
FAR: Final = ("window-1@south.example", "window-2@south.example")
WRITTEN: Final = f"Message-ID: {MESSAGE_ID}".encode()

TURNS: Final = 5
"""Commands that the mail door answers before the power goes."""
TURN_TIME: Final = 1.0
"""Seconds for each of them; the loop does not answer while it waits for the sync itself."""


class MailFlow(NamedTuple):
    """What is tried.

    Attributes:
        drops_doubles: the next hop is known to do so.
        moves: the printer cannot be reached, and the next hop stands in for it; else the mail goes to both.
    """

    drops_doubles: bool
    moves: bool = False

    @property
    def recipients(self) -> tuple[str, ...]:
        """The recipients of the envelope."""
        return (OWN,) if self.moves else (FAR[0], OWN, FAR[1])

    @property
    def jobs(self) -> int:
        """How many jobs the mail becomes: one for the next hop, and one at the printer."""
        return 1 if self.moves else 2

    @property
    def relayed(self) -> tuple[str, ...]:
        """The recipients for whom the next hop gets the mail."""
        return (OWN,) if self.moves else FAR

    def __str__(self) -> str:  # type: ignore[explicit-override]  # typing.override comes with Python 3.12
        words = ("moved" if self.moves else "broadcast", "drops" if self.drops_doubles else "keeps")
        return "-".join(words)


class HeardMailbox(Mailbox):
    """A mailbox that says when a mail has come."""

    def __init__(self, came: Callable[[], None]) -> None:
        super().__init__()
        self._came = came

    @override
    async def handle_DATA(self, _server: object, _session: object, envelope: Envelope) -> str:
        reply = await super().handle_DATA(_server, _session, envelope)
        self._came()
        return reply

    def has(self, message_id: str) -> bool:
        """Whether it took a message."""
        return any(mail["Message-ID"] == message_id for _, _, mail in self.mails)

    def taken_for(self, address: str) -> list[str]:
        """The Message-ID of each mail that it took for an address."""
        return [str(mail["Message-ID"]) for _, recipients, mail in self.mails if address in recipients]

    def told(self) -> dict[str, list[tuple[str, str]]]:
        """What the notifications tell, by their Message-ID: the same again is the same."""
        return {str(mail["Message-ID"]): outcomes_of(mail) for _, _, mail in self.mails}


class GuardedClient(next_hop.HopClient):
    """A conversation of one boot with a next hop: it carries nothing any more once the power has gone."""

    def __init__(self, office: MailSide, *given: Any, **more: Any) -> None:
        self._office = office
        self._by = office.appliance
        super().__init__(*given, **more)

    def _must_have_power(self) -> None:
        if self._by.is_cut:
            self.close()
            raise ConnectionAbortedError

    @override
    def send(self, s: Any) -> None:
        self._must_have_power()
        if isinstance(s, bytes) and b"Message-ID: " in s:
            self._office.judge_relay(self._by, s)
        super().send(s)

    @override
    def getreply(self) -> tuple[int, bytes]:
        reply = super().getreply()
        self._must_have_power()
        return reply


class MailSide(TwoSides):
    """The appliance, its printer, the next hop and the bank's mailbox; and all that was wrong so far.

    Attributes:
        ordered: boot and job of each order to go on that a person gave.
        is_tried: the next hop was offered the mail.
    """

    def __init__(self, branch: Branch, folder: Path, troubles: Sequence[Trouble], seed: str, flow: MailFlow) -> None:
        super().__init__(branch, folder, troubles, seed)
        self.flow = flow
        self.door = free_address()
        self.ordered: set[tuple[int, str]] = set()
        self.is_tried = False
        self.south, self.bank = HeardMailbox(self._mail_came), HeardMailbox(self._mail_came)

    @property
    def appliance(self) -> PoweredSide:
        """The boot of the appliance that is the last one so far."""
        return self.sides[Side.APPLIANCE]

    def _mail_came(self) -> None:
        with contextlib.suppress(RuntimeError):
            self._loop.call_soon_threadsafe(self.changed.set)

    # Building

    @override
    def build(self, *, on_network: bool) -> None:
        super().build(on_network=on_network)
        self._stack.enter_context(patch.object(next_hop, "HopClient", partial(GuardedClient, self)))
        self._stack.enter_context(patch.object(substitution, "SUBSTITUTES_LOOK", 0.02))
        for mailbox in (self.south, self.bank):
            self._stack.enter_context(mailbox)

    @override
    def _write_config(self, *, on_network: bool) -> Path:
        file = super()._write_config(on_network=on_network)
        text = file.read_text().replace("[keys]\n", "[keys]\nown_key_jobs = true\n")
        text = text.replace("[recovery]\n", "[recovery]\ngrace = 0.001\n")
        text += f'[mail]\nlisten = "{self.door}"\nhostname = "north.example"\ngrace_offline = 0.0\n'
        for name, mailbox, is_appliance in ((HOP, self.south, self.flow.drops_doubles), (BANK, self.bank, False)):
            text += f'[[hop]]\nname = "{name}"\naddress = "{mailbox.address}"\ntls = "none"\n'
            text += f"appliance = {str(is_appliance).lower()}\n"
            text += f'[[route]]\nto = ["@{name}.example"]\nhop = "{name}"\n'
        substitutes = f'substitutes = ["{HOP}"]\n' if self.flow.moves else ""
        text += f'[[route]]\nto = ["{OWN}"]\nprinter = "{PRINTER}"\n{substitutes}'
        file.write_text(text)
        return file

    @override
    def _connect(self, side: Side, settings: PrinterSettings, _dialect: object, clock: SystemClock) -> DocumentSession:
        if self.flow.moves:
            raise MechanismStop.at_port(PortError(PortTrouble.UNPLUGGED))
        return super()._connect(side, settings, _dialect, clock)

    @override
    async def begin(self) -> None:
        await self.power_on(Side.APPLIANCE, Image((), {}, b""))

    @override
    def let_out(self) -> None:
        # The loop that serves these commands had its turns in between; a reply that need not wait for the sync is out.
        host, _, port = self.door.rpartition(":")
        with (
            contextlib.suppress(OSError, smtplib.SMTPException),
            smtplib.SMTP(host, int(port), local_hostname="client.example", timeout=TURN_TIME) as client,
        ):
            for _ in range(TURNS):
                client.noop()

    # What is seen

    def children(self) -> list[Record]:
        """Every job of the mail, as the appliance knows it now; a job that stands in for one is not of the mail."""
        spool = self.appliance.spool
        found = {one.entry.record.job_id: one.entry.record for one in spool.history(last=1000)}
        found |= {one.job_id: one for one in spool.records()}
        return [one for one in found.values() if one.mail and one.mail.message_id == MESSAGE_ID and not one.stands_for]

    @override
    def judge_print(self, by: PoweredSide) -> None:
        """P2, P4, R2: a line is about to be sent to the printer."""
        own = [one for one in by.spool.records() if one.printer == PRINTER]
        if len(own) != 1:
            self.fault(f"P10: {len(own)} jobs of the mail are at the printer")
            return
        is_ordered = self._judge_order(by, own[0])
        if not self.is_tried and not is_ordered:
            self.fault("R2: the own copy prints before the mail was offered to the next hop")

    def judge_relay(self, by: PoweredSide, message: bytes) -> None:
        """P2, P3, P4: a whole message is about to be sent to a next hop."""
        self.is_tried = self.is_tried or WRITTEN in message
        jobs = [
            one
            for one in by.spool.records()
            if is_relay(one) and one.mail and f"Message-ID: {one.mail.message_id}".encode() in message
        ]
        if len(jobs) != 1:
            self.fault(f"P10: {len(jobs)} jobs hand the same message on")
            return
        if jobs[0].sending != 1:
            self.fault("P3: a message is handed on, and no step is journaled")
        if self.flow.drops_doubles or is_notification(jobs[0]):
            told = by.spool.history(jobs[0].job_id)
            if any(one.entry.kind is HistoryKind.RELAYED_AGAIN for one in told):
                self.ordered.add((by.number, jobs[0].job_id))
        self._judge_order(by, jobs[0])

    def _judge_order(self, by: PoweredSide, record: Record) -> bool:
        """Whether a job that is about to be begun was ordered by a person, or by the rule for next hops."""
        is_ordered = (by.number, record.job_id) in self.ordered
        if not record.valid:
            self.fault(f"P2: an invalid job reaches {record.printer}")
        if by.number and record.epoch and not is_ordered:
            # A job that came after this boot has no epoch yet, and needs no order.
            self.fault(f"P4: a job goes to {record.printer} after a boot, and no person ordered it")
        return is_ordered

    @override
    def _judge_right(self, job: str) -> None:
        self.judge_places()

    def judge_places(self) -> None:
        """R4: a job is at one destination, never at both and never at none."""
        by = self.appliance
        if not by.is_on:
            return
        if not self.job:
            self.job = next((one.job_id for one in by.spool.records() if one.printer == PRINTER), "")
        before = by.record(self.job) if self.job else None
        if before is None:
            return
        stand_ins = [one for one in by.spool.records() if one.stands_for == self.job]
        after = by.record(self.job)
        if after is not None and after.is_open and stand_ins:
            self.fault("R4: a job is at its printer and at the substitute")
        if Reason.MOVED in before.reasons and by.record(before.moved_to.partition(" ")[2]) is None:
            self.fault("R4: a job has left its printer and is at no substitute")

    def judge_mails(self) -> list[str]:
        """What is wrong with the mails at the next hop and with the notifications, when all is over."""
        faults = []
        for address in self.flow.relayed:
            taken = self.south.taken_for(address)
            printed = sorted(set(taken)) if self.flow.drops_doubles else taken
            if printed != [MESSAGE_ID]:
                faults.append(f"R2: the next hop printed {printed} for {address}")
        told = self.told_ends()
        if told != self.wanted_ends():
            faults.append(f"P10: the bank was told {dict(told)}")
        return faults

    def told_ends(self) -> Counter[tuple[str, str]]:
        """How often the bank was told each end of each recipient, by different notifications."""
        told = Counter(one for outcomes in self.bank.told().values() for one in outcomes)
        return Counter({(who, _END.get(what, what)): n for (who, what), n in told.items() if what != "waiting"})

    def wanted_ends(self) -> Counter[tuple[str, str]]:
        """What the bank must be told once."""
        ends = [(one, "relayed") for one in self.flow.relayed]
        return Counter(ends if self.flow.moves else [*ends, (OWN, "printed")])


_END: Final = {"closed": "printed"}
"""Outcomes that say of a recipient what another one says too."""


def broadcast(flow: MailFlow, document: bytes) -> EmailMessage:
    """The mail of the bank; a text, where it has to go to a substitute by itself."""
    mail = EmailMessage()
    mail["From"], mail["Subject"], mail["Message-ID"] = SENDER, "A statement", MESSAGE_ID
    if flow.moves:
        mail.set_content("A text that prints elsewhere.\n")
    else:
        mail.add_attachment(document, maintype="application", subtype="vnd.passbook-update+csv")
    return mail
