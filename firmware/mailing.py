"""Printing by mail, put together: the mail door, the next hops, and the notifications (R1-R4, F5).

An appliance without the table [mail] has none of them; then nothing here listens, relays or writes.
"""

from __future__ import annotations

import contextlib
import datetime
import secrets
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Final

from firmware.config.configuration import Config
from firmware.config.loading import Loaded
from firmware.config.mail_settings import HopConfig
from firmware.identity.doorkeeper import Doorkeeper
from firmware.service.acceptance import Acceptance
from firmware.service.mail_intake import MailIntake
from firmware.service.mail_notices import MailNotices
from firmware.service.substitution import Substitutes
from passbook.document.import_profile import Imports
from passbook.errors import PassbookError, shown
from passbook.job import changes
from passbook.job.record import OPERATOR, HistoryKind, Holder, Record
from passbook.job.relaying import is_notification, is_relay, relay_again
from passbook.mail.mail_address import MailAddress, parse_mail_address
from passbook.mail.routes import Caller, Route, find_route, judge_recipient
from passbook.mail.smtp_replies import reply_to
from passbook.protocol.messages import MoveJob
from passbook.protocol.operators import AskRoute, RouteTest
from spooler.clock import SystemClock, stamp
from spooler.desks import Desks
from spooler.destination import Destination
from spooler.feeding import Feeding
from spooler.jobs import Jobs
from spooler.logs import Log
from spooler.next_hop import AfterRelays, NextHop, Relays, RelayTurns
from spooler.supervisor import Supervisor
from storage import ApplianceKey, envelope

_LOG: Final = Log("mailing")

ENDS_LOOKED_AT: Final = 1000
"""Ends without an acknowledgement of which senders are told again after a boot: P10 knows those that were told."""
HISTORY_LOOKED_AT: Final = 5000
"""The last entries of the history, among which ends with an acknowledgement are looked for."""


class Mailing:
    """The parts of an appliance for mail; lives in the event loop."""

    def __init__(
        self,
        config: Config,
        loaded: Loaded,
        jobs: Jobs,
        key: ApplianceKey,
        clock: SystemClock,
        wake: Callable[[str], None],
        can_issue: Callable[[str, str, int], bool],
    ) -> None:
        """`wake` has the desk of a destination look again; `can_issue` as in FormStock."""
        self._can_issue = can_issue
        self._config = config
        self._loaded = loaded
        self._jobs = jobs
        self._key = key
        self._clock = clock
        self._wake = wake
        self._relays = Relays(clock, secrets.SystemRandom().random, self._wake_printers)
        self._turns = RelayTurns(self._relays)
        self._notices: MailNotices | None = None
        self._hops = {hop.name: self._make_hop(hop) for hop in config.hops}
        self.substitutes: Substitutes | None = None

    def hops(self) -> Mapping[str, Destination]:
        """The next hops by name, as destinations."""
        return self._hops

    def feeding(self, destination: str, printers: Feeding) -> Feeding:
        """The rule by which a desk takes jobs up; `printers` is the rule without mail."""
        return self._turns if destination in self._loaded.hops else AfterRelays(printers, self._relays)

    def start(self, acceptance: Acceptance, desks: Desks, supervisor: Supervisor, tasks: contextlib.ExitStack) -> None:
        """Write notifications and look for substitutes, until `tasks` is closed."""
        mail = self._config.mail
        if mail is None:
            return
        routes, hops = [one.route for one in self._config.routes], [one.name for one in self._config.hops]
        self._notices = MailNotices(mail, routes, hops, acceptance, kept=self._kept, now=self._clock.now)
        tasks.callback(supervisor.start("mail notices", self._notices.run()))
        loaded = self._loaded
        self.substitutes = Substitutes(
            mail,
            routes,
            self._hops,
            jobs=self._jobs,
            desks=desks,
            acceptance=acceptance,
            relays=self._relays,
            can_issue=self._can_issue,
            imports=Imports(loaded.imports, {name: one.import_name for name, one in loaded.layouts.items()}),
            clock=self._clock,
            now=self._clock.now,
        )
        tasks.callback(supervisor.start("substitutes", self.substitutes.run()))

    def has_substitute(self, record: Record) -> bool:
        """Whether a job has a substitute to which it may go; from any thread."""
        return self.substitutes is not None and self.substitutes.has_substitute(record)

    async def move(self, record: Record, order: MoveJob) -> Record:
        """A person sends a job to a substitute.  Raises PassbookError `no-way-there` where there is none at all."""
        if self.substitutes is None:
            raise PassbookError("no-way-there", job=record.job_id, to=order.to, known="none")
        moved = await self.substitutes.move(record, order.to, order.from_line)
        _LOG.info("job-moved-by-person", job=record.job_id, printer=order.to, person=order.person)
        return moved

    def say_route(self, asked: AskRoute) -> RouteTest:
        """The way of a mail, step by step, with the reasons."""
        routes = [one.route for one in self._config.routes]
        if self.substitutes is None:
            return RouteTest(taken=False, steps=("This appliance takes no mail: its set-up file has no table [mail].",))
        try:
            address = parse_mail_address(asked.address)
            sender = parse_mail_address(asked.sender) if asked.sender else None
        except PassbookError as error:
            return RouteTest(taken=False, steps=(str(error), f"It is refused with {reply_to(error)[:9]}."))
        caller = Caller(asked.network, "" if asked.network else "a terminal that this appliance knows")
        judged = judge_recipient(routes, address, caller)
        steps = list(judged.steps)
        is_own, is_held = self._is_own(asked.sender), self._holds(judged.error)
        if is_own:
            steps.append(f"Only the terminal of that name may send as {shown(asked.sender)}.")
        if is_own and not caller.name:
            steps.append("This sender proved nothing, so it is refused with 553 5.7.1.")
        elif is_held:
            steps.append("The mail is taken, and its jobs are held for a representative.")
        elif judged.error is not None:
            steps.append(f"The recipient is refused with {reply_to(judged.error)[:9]}.")
        if judged.route is not None:
            steps += self.substitutes.told_route(judged.route)
        steps.append(self._told_notification(sender, routes))
        is_taken = (judged.error is None or is_held) and (bool(caller.name) or not is_own)
        return RouteTest(is_taken, tuple(steps))

    def _holds(self, error: PassbookError | None) -> bool:
        """Whether a recipient that is refused with this error is taken, and its jobs wait for a representative."""
        mail = self._config.mail
        holds = mail is not None and mail.unknown_senders == "hold"
        return holds and error is not None and error.code == "mail-sender-unknown"

    def _is_own(self, sender: str) -> bool:
        """Whether an address is under the domain of this mail system."""
        mail = self._config.mail
        return mail is not None and sender.rpartition("@")[2].lower() == mail.hostname.lower()

    def _told_notification(self, sender: MailAddress | None, routes: Sequence[Route]) -> str:
        """Where notifications for a sender go."""
        if sender is None:
            return "The null sender is never notified."
        route = find_route(routes, sender)
        if route is None or route.goal not in self._hops:
            return f"{sender} gets no notifications: no route to a next hop leads there."
        return f"Notifications for {sender} go to {route.goal}, when the sender proved who it is."

    def problems(self) -> list[PassbookError]:
        """The problems of the destinations of mail."""
        return [] if self.substitutes is None else self.substitutes.problems()

    def note(self, record: Record) -> None:
        """A job changed: the sender of its mail is told, and people are not told of the end of a notification."""
        self._relays.note(record)
        if self._notices is None or record.mail is None:
            return
        self._notices.note(record)
        if record.ended and record.acknowledged is None and is_notification(record):
            _ = self._jobs.acknowledge(record.job_id, changes.acknowledge(OPERATOR, stamp(self._clock)))

    def note_areas(self) -> None:
        """After a boot, and when an area joins: relays that may go on do, and senders are notified.

        A relay to a next hop that drops doubles goes there again by rule (P4), while it would be tried without a boot:
        a hop forgets after months what it took.  So does a notification: it prints nothing, and its Message-ID stays
        the same.
        """
        if self._notices is None:
            return
        for record in list(self._jobs.spool.questions()):
            if is_notification(record) or (is_relay(record) and self._is_tried_on(record)):
                # One that cannot be read or changed stays a question.
                with contextlib.suppress(PassbookError):
                    self._relay_again(record)
        self._notices.look()

    def _is_tried_on(self, record: Record) -> bool:
        """Whether the hop of a relay drops doubles, and the time in which it is tried is not over."""
        hours = {hop.name: hop.give_up_hours for hop in self._config.hops if hop.appliance}
        age = self._clock.now() - datetime.datetime.fromisoformat(record.accepted_at)
        return record.printer in hours and age <= datetime.timedelta(hours=hours[record.printer])

    def _kept(self) -> Iterator[Record]:
        """The jobs of mails in the store whose outcome may be untold: questions, and the newest ends."""
        spool = self._jobs.spool
        yield from (record for record in spool.questions() if record.mail is not None)
        known = set()
        for ended in spool.notices.newest(ENDS_LOOKED_AT):
            known.add(ended.record.job_id)
            yield ended.record
        for told in spool.history(last=HISTORY_LOOKED_AT):
            record = told.entry.record
            if told.entry.kind is HistoryKind.ENDED and record.mail is not None and record.job_id not in known:
                yield record

    def _relay_again(self, record: Record) -> None:
        wraps = {wrap.holder: wrap for wrap in self._jobs.spool.job(record.job_id).wraps}
        key = envelope.unwrap_for_appliance(record.identity(), wraps[Holder.APPLIANCE], self._key)
        self._jobs.keys.put(record.job_id, key)
        self._jobs.change(record.job_id, relay_again(stamp(self._clock))).result()

    async def open_door(
        self,
        doors: contextlib.AsyncExitStack,
        acceptance: Acceptance,
        doorkeeper: Doorkeeper,
        is_usable: Callable[[], bool],
    ) -> None:
        """Listen until `doors` is closed.  Raises PassbookError `configuration`."""
        config, mail, context = self._config, self._config.mail, self._loaded.mail_context
        if mail is None or context is None:
            return
        # Its library takes 9 MiB, so an appliance without mail does not load it.
        from firmware.doors.mail_door import MailDoor  # noqa: PLC0415

        door = MailDoor(
            mail.hostname,
            MailIntake(
                config,
                mail,
                acceptance,
                self._relays,
                can_issue=self._can_issue,
                now=self._clock.now,
                rng=secrets.token_bytes,
            ),
            judge=doorkeeper.requester,
            appliances=frozenset(mail.appliances),
            passwords=self._loaded.mail_passwords,
            is_usable=is_usable,
        )
        try:
            _ = await doors.enter_async_context(door.open(*mail.address, context))
        except (OSError, UnicodeError) as error:
            reason = error.strerror if isinstance(error, OSError) else "this is no name of a host"
            why = f"{mail.listen} cannot be listened at: {reason or type(error).__name__}"
            raise config.problem("mail.listen", why) from None

    def _make_hop(self, settings: HopConfig) -> NextHop:
        return NextHop(
            settings,
            self._loaded.hops[settings.name],
            self._relays,
            document=self._message_of,
            change=lambda job, change: self._jobs.change(job, change, urgent=True).result(),
            clock=self._clock,
        )

    def _message_of(self, record: Record) -> bytes:
        """The message of a relay.  Raises PassbookError when its content cannot be read."""
        key = self._jobs.keys.get(record.job_id)
        if key is None:
            raise PassbookError("key-needed", job=record.job_id, key_ref=record.key_ref)
        spool = self._jobs.spool
        return envelope.open_document(record.identity(), spool.sealed(spool.job(record.job_id)), key)

    def _wake_printers(self) -> None:
        for printer in self._config.printers:
            self._wake(printer.name)
