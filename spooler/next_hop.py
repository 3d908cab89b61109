"""A next hop as a destination: one step hands a message over, and the hop's own replies confirm it (R2).

Theory of operation.  The desk of a next hop is the desk of a printer: it journals the step, does it, and journals its
confirmation.  Here a step is one SMTP conversation.  Until the last line of the message has been sent, nothing was
handed on, so a failure postpones the job and people are not asked.  After that line only the hop's reply says whether
it took the message; without one the step is in doubt, and a hop that drops doubles is simply asked again.  What a hop
refuses for good, or does not take in the time that is set for it, becomes a dead letter: a question, whose answers send
it again or discard it.

Attempts follow each other at growing distances, with some chance in them, so that many appliances do not come back to
one hop at the same moment.  `Relays` knows when the next one may be made, and which mails had their first attempt:
only then does the own copy of a mail print.
"""

from __future__ import annotations

import contextlib
import smtplib
import ssl
import threading
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Final, NamedTuple, Protocol

from passbook.document.plan import Relay, Sheet
from passbook.errors import PassbookError
from passbook.job.mailed import Delivery, Mailed, Recipient
from passbook.job.record import Change, Record
from passbook.job.relaying import give_up, is_relay, left_of, note_replies, postpone
from passbook.job.states import JobState, Reason
from passbook.job.step_machine import Happening
from passbook.job.stopped import DestinationStop
from passbook.mail.smtp_envelope import Need, need_parameters, xtext
from passbook.protocol.media import Device, MechanismStatus, Media
from passbook.protocol.messages import SubmitJob
from spooler.clock import Clock, stamp
from spooler.destination import DestinationAct, Heard, Prepared
from spooler.feeding import Feeding
from spooler.logs import Log

_LOG: Final = Log("next-hop")

FIRST_PAUSE: Final = 5.0
"""Seconds after the first attempt that failed; each later pause is twice the one before."""
LONGEST_PAUSE: Final = 900.0
"""Seconds between two attempts at most."""
SPREAD: Final = 0.2
"""Part of a pause that is left to chance."""
HOP_TIME: Final = 60.0
"""Seconds for one reply of a next hop."""
ASK_TIME: Final = 10.0
"""Seconds for one reply of a next hop that is only asked whether it would take a message."""
LONGEST_WORDS: Final = 200
"""Characters of a reply that are kept."""
NOT_EIGHT_BIT: Final = "554 5.6.3 The message has 8-bit content, and this next hop takes none."
"""The word for each recipient of a message that would need a conversion."""
END_OF_MESSAGE: Final = b".\r\n"
"""The line behind a message; before it the hop has taken nothing over."""
MAIL_FORMAT: Final = "message"
"""The format of a document that is a whole message."""


class HopSettings(Protocol):
    """The settings of one next hop."""

    @property
    def name(self) -> str:
        """The name by which routes call it."""

    @property
    def place(self) -> tuple[str, int]:
        """Its host and port."""

    @property
    def appliance(self) -> bool:
        """Whether it takes the same mail again for the same job."""

    @property
    def give_up_hours(self) -> float:
        """How long it is tried."""


class Access(NamedTuple):
    """How a conversation with a next hop begins.

    Attributes:
        hostname: the own name.
        context: for STARTTLS; None where none is required.
        server_name: the name in its certificate.
        login: user and password for SMTP AUTH; None for none.
    """

    hostname: str
    context: ssl.SSLContext | None = None
    server_name: str = ""
    login: tuple[str, str] | None = None


class _Attempts(NamedTuple):
    """The attempts at one job: how many failed, the first one's time, and the time of the next (monotonic seconds)."""

    failed: int
    first_at: float
    next_at: float


class Relays:
    """Which relays may be tried now, and which mails wait for the first attempt of theirs; from any thread."""

    def __init__(self, clock: Clock, chance: Callable[[], float], wake: Callable[[], None]) -> None:
        """`chance` gives a number from 0 to 1; `wake` has the desks of the printers look again."""
        self._clock = clock
        self._chance = chance
        self._wake = wake
        self._lock = threading.Lock()
        self._attempts: dict[str, _Attempts] = {}
        self._first: dict[str, set[str]] = {}
        self._untried: dict[str, set[str]] = {}
        self._failing: set[str] = set()

    def expect(self, submission: str, hops: Iterable[str]) -> None:
        """A mail comes whose relays to these hops are to be tried before its own copies print."""
        with self._lock:
            self._first[submission] = set(hops)

    def expect_only(self, submission: str, hops: Iterable[str]) -> None:
        """Only the relays to these hops are new; none where the mail was not accepted, or was here before."""
        with self._lock:
            waiting = self._first.get(submission, set())
            waiting.intersection_update(hops)
            is_over = not waiting and self._first.pop(submission, None) is not None
        if is_over:
            self._wake()

    def is_awaited(self, record: Record) -> bool:
        """Whether a job of a mail must not print yet, since the mail's relays were not tried."""
        with self._lock:
            return record.mail is not None and bool(record.mail.part and self._first.get(record.mail.submission))

    def note(self, record: Record) -> None:
        """A job changed: a relay that is not tried any more holds nothing up, and a new one is tried before others."""
        if not is_relay(record):
            return
        # One that may have to wait for its book holds up no retry.
        waits = record.valid and record.state is JobState.PENDING and record.book is None
        with self._lock:
            untried = self._untried.setdefault(record.printer, set())
            (untried.add if waits and record.job_id not in self._attempts else untried.discard)(record.job_id)
        if not record.valid or record.ended:
            self.note_attempt(record.printer, record)
            self.over(record.job_id)

    def note_attempt(self, hop: str, record: Record) -> None:
        """A relay was tried, with whatever result."""
        mail = record.mail
        if mail is None:
            return
        with self._lock:
            self._untried.get(hop, set()).discard(record.job_id)
            waiting = self._first.get(mail.submission, set())
            waiting.discard(hop)
            is_over = not waiting and self._first.pop(mail.submission, None) is not None
        if is_over:
            self._wake()

    def may_try(self, job: str) -> bool:
        """Whether the pause after the last attempt is over."""
        with self._lock:
            attempts = self._attempts.get(job)
        return attempts is None or attempts.next_at <= self._clock.monotonic()

    def lets_another_go_first(self, record: Record) -> bool:
        """Whether a job was tried, and another one waits for its first attempt there.

        A hop that is silent takes a minute for each attempt, so retries of many would hold up all that is new.
        """
        with self._lock:
            return record.job_id in self._attempts and bool(self._untried.get(record.printer))

    def note_failure(self, job: str) -> float:
        """An attempt failed; returns for how many seconds the job has been tried."""
        now = self._clock.monotonic()
        with self._lock:
            before = self._attempts.get(job, _Attempts(0, now, now))
            pause = min(LONGEST_PAUSE, FIRST_PAUSE * 2.0 ** min(before.failed, 20))
            pause *= 1.0 + SPREAD * (2.0 * self._chance() - 1.0)
            self._attempts[job] = _Attempts(before.failed + 1, before.first_at, now + pause)
        return now - before.first_at

    def is_failing(self, hop: str) -> bool:
        """Whether the last attempt at a hop did not reach it."""
        with self._lock:
            return hop in self._failing

    def note_reached(self, hop: str, *, is_reached: bool) -> None:
        """An attempt reached a hop, or did not."""
        with self._lock:
            (self._failing.discard if is_reached else self._failing.add)(hop)

    def over(self, job: str) -> None:
        """The job is not tried any more: it ended, or it waits for people."""
        with self._lock:
            self._attempts.pop(job, None)


class RelayTurns:
    """The feeding of the desk of a next hop: a job waits until its pause is over, and others do not wait for it.

    First attempts go before further ones.
    """

    def __init__(self, relays: Relays) -> None:
        self._relays = relays

    def may_begin(self, record: Record) -> bool:
        """Whether it may be tried now."""
        return self._relays.may_try(record.job_id) and not self._relays.lets_another_go_first(record)

    def plan_for(self, _record: Record) -> None:
        """None: the message lies in the own spool."""

    def over(self, _job: str) -> None:
        """There is nothing to forget."""

    def is_lent(self, _printer: str) -> bool:
        """False: no terminal drives a next hop."""
        return False

    def note_left(self, _printer: str) -> None:
        """No terminal waits for it."""


class AfterRelays:
    """The feeding of a printer: the own copy of a mail prints after the first attempt of the mail's relays."""

    def __init__(self, feeding: Feeding, relays: Relays) -> None:
        """All else is as `feeding` has it."""
        self._relays = relays
        self._feeding = feeding
        self.plan_for = feeding.plan_for
        self.over = feeding.over
        self.is_lent = feeding.is_lent
        self.note_left = feeding.note_left

    def may_begin(self, record: Record) -> bool:
        """Whether the desk takes this valid job up now."""
        return not self._relays.is_awaited(record) and self._feeding.may_begin(record)


class NextHop:
    """One next hop.

    `document` gives the message of a job, `change` applies a rule to a job and returns when it is durable.
    """

    lines_in_doubt = 1

    def __init__(
        self,
        settings: HopSettings,
        access: Access,
        relays: Relays,
        *,
        document: Callable[[Record], bytes],
        change: Callable[[str, Change], Record],
        clock: Clock,
    ) -> None:
        self.name = settings.name
        self._settings = settings
        self._access = access
        self._relays = relays
        self._document = document
        self._change = change
        self._clock = clock

    def prepare(self, request: SubmitJob, _document: bytes) -> Prepared:
        """The one step.  Raises PassbookError `unknown-format` for anything else than a message."""
        if request.format != MAIL_FORMAT:
            raise PassbookError("unknown-format", format=request.format, known=MAIL_FORMAT)
        return Prepared((Relay(),), "", Sheet(0))

    def draws(self, request: SubmitJob, document: bytes) -> bool:  # noqa: ARG002 - names of Destination
        """Never: a message is handed on unchanged."""
        return False

    def judge_announced(self, request: SubmitJob) -> None:
        """Refuse it: the message lies in the own spool.  Raises PassbookError."""
        raise PassbookError("unknown-format", format=request.format, known=MAIL_FORMAT)

    def judge_kind(self, format: str, layout: str) -> None:  # noqa: A002, ARG002  # the words of Destination
        """Refuse all but whole messages.  Raises PassbookError."""
        if format != MAIL_FORMAT:
            raise PassbookError("unknown-format", format=format, known=MAIL_FORMAT)

    def open(self, heard: Heard) -> HopLink:
        """A link that speaks to the hop when there is a message."""
        return HopLink(self, heard)

    def relay(self, record: Record) -> None:
        """Hand the message of a job on, to the recipients that are left.

        Returns when the hop has taken it for all of them.  Raises DestinationStop.
        """
        mail = record.mail
        if mail is None:
            raise DestinationStop(Reason.UNREADABLE, "no-mail")
        left = left_of(mail)
        message = self._document(record)
        try:
            replies = self._conversation(mail, left, message)
        except _FailedConversation as failed:
            self._relays.note_reached(self.name, is_reached=failed.reason is not Reason.HOP_UNREACHABLE)
            _LOG.warning(
                "relay-failed", printer=self.name, job=record.job_id, reason=failed.reason.value, why=failed.why
            )
            raise self._stop(record, failed) from None
        finally:
            self._relays.note_attempt(self.name, record)
        self._relays.note_reached(self.name, is_reached=True)
        self._settle(record, replies)

    def takes(self, mail: Mailed, need: Need) -> bool:
        """Whether the hop can be reached and takes an envelope; nothing is handed on.  Blocks.

        Another appliance is also asked whether it has what the document needs.  One that handed the mail on already
        would refuse it behind its last line, and the mail would wait here no more.
        """
        try:
            with HopClient(*self._settings.place, local_hostname=self._access.hostname, timeout=ASK_TIME) as client:
                self._begin(client)
                if _is_in(client, mail.trace):
                    return False
                _expect(client.mail(mail.sender, []), Reason.HOP_REFUSED)
                asked = need_parameters(need, client.has_extn)
                return all(_offer(client, one, asked)[0] is Delivery.RELAYED for one in mail.recipients)
        except (_FailedConversation, OSError, smtplib.SMTPException, ssl.SSLError, UnicodeError):
            return False

    def _settle(self, record: Record, replies: Mapping[str, tuple[Delivery, str]]) -> None:
        """Note the replies, and go on only when every recipient was taken over."""
        noted = self._change(record.job_id, note_replies(replies))
        recipients = noted.mail.recipients if noted.mail is not None else ()
        states = {one.delivery for one in recipients}
        _LOG.info("relayed", printer=self.name, job=record.job_id, count=len(replies))
        if Delivery.WAITING in states:
            raise self._stop(record, _FailedConversation(Reason.HOP_BUSY, "it takes a recipient later"))
        if Delivery.REFUSED in states:
            raise self._stop(record, _FailedConversation(Reason.HOP_REFUSED, "it refused a recipient"))
        self._relays.over(record.job_id)

    def _stop(self, record: Record, failed: _FailedConversation) -> DestinationStop:
        """The stop after an attempt that failed: postponed, given up, or in doubt."""
        at = stamp(self._clock)
        if failed.reason is Reason.HOP_REFUSED:
            self._relays.over(record.job_id)
            return DestinationStop(failed.reason, failed.why, undone=give_up(failed.reason, at))
        if failed.in_doubt and not self._settings.appliance:
            self._relays.over(record.job_id)
            return DestinationStop(Reason.HOP_IN_DOUBT, failed.why)
        tried = self._relays.note_failure(record.job_id)
        if tried > self._settings.give_up_hours * 3600.0:
            self._relays.over(record.job_id)
            return DestinationStop(Reason.GIVEN_UP, failed.why, undone=give_up(Reason.GIVEN_UP, at))
        return DestinationStop(failed.reason, failed.why, undone=postpone(failed.reason, at))

    def _conversation(
        self, mail: Mailed, recipients: Iterable[Recipient], message: bytes
    ) -> dict[str, tuple[Delivery, str]]:
        """One SMTP conversation: what the hop said for each address.  Raises _FailedConversation."""
        sent = False
        try:
            with HopClient(*self._settings.place, local_hostname=self._access.hostname, timeout=HOP_TIME) as client:
                self._begin(client)
                if not message.isascii() and not client.has_extn("8bitmime"):
                    # Its bytes would be changed on the way; who sent it can encode it (RFC 6152, 3).
                    return {one.address: (Delivery.REFUSED, NOT_EIGHT_BIT) for one in recipients}
                _expect(client.mail(mail.sender, _mail_options(client, mail, len(message))), Reason.HOP_REFUSED)
                replies = {one.address: _offer(client, one) for one in recipients}
                if all(delivery is not Delivery.RELAYED for delivery, _ in replies.values()):
                    client.rset()
                    return replies
                client.putcmd("data")
                _expect(client.getreply(), Reason.HOP_REFUSED, ready=354)
                client.send(_dotted(message))
                sent = True
                client.send(END_OF_MESSAGE)
                outcome = _judged(client.getreply())
        except _FailedConversation:
            raise
        except (OSError, smtplib.SMTPException, ssl.SSLError, UnicodeError) as error:
            why = error.strerror if isinstance(error, OSError) and error.strerror else type(error).__name__
            raise _FailedConversation(
                Reason.HOP_IN_DOUBT if sent else Reason.HOP_UNREACHABLE, why, in_doubt=sent
            ) from None
        return {name: outcome if one[0] is Delivery.RELAYED else one for name, one in replies.items()}

    def _begin(self, client: smtplib.SMTP) -> None:
        """EHLO, STARTTLS where it is required, AUTH where there is a password."""
        client.ehlo()
        if self._access.context is not None:
            # The certificate is judged by the name that the set-up file gives, whatever address was dialed.
            client._host = self._access.server_name  # type: ignore[attr-defined]  # noqa: SLF001  # smtplib asks by it
            client.starttls(context=self._access.context)
            client.ehlo()
        if self._access.login is not None:
            client.login(*self._access.login)


class HopClient(smtplib.SMTP):
    """A conversation whose last word changes nothing: its outcome is known before QUIT."""

    def __exit__(self, *_: object) -> None:  # type: ignore[explicit-override]
        # The library raises for any other reply than 221; that would put a message in doubt which the hop took.
        with contextlib.suppress(OSError, smtplib.SMTPException):
            _ = self.docmd("QUIT")
        self.close()


class HopLink:
    """A link to a next hop; between two messages it holds no connection."""

    def __init__(self, hop: NextHop, heard: Heard) -> None:
        self._hop = hop
        self._heard = heard

    def clean_up(self) -> Media:
        """There is no medium."""
        return Media.NOT_PRESENT

    def check_setup(self) -> None:
        """There is none to be read."""

    def status(self) -> MechanismStatus:
        """Online: whether the hop can be reached is seen at the next message."""
        status = MechanismStatus(Device.ONLINE, Media.NOT_PRESENT)
        self._heard(status)
        return status

    def run(self, record: Record, _act: DestinationAct) -> Happening:
        """Hand the message of the job on."""
        self._hop.relay(record)
        return Happening.CONFIRMED

    def give_back(self) -> None:
        """There is no medium."""

    def take(self, _job: str, _requester: str, _patience: float) -> bool:
        """True: there is no medium."""
        return True

    def interrupt(self) -> None:
        """No wait for a person is to be ended."""

    def close(self) -> None:
        """There is no connection."""


class _FailedConversation(Exception):  # noqa: N818  # an outcome, not a defect
    """A conversation ended without a judgement for each recipient."""

    def __init__(self, reason: Reason, why: str, *, in_doubt: bool = False) -> None:
        self.reason = reason
        self.why = why
        self.in_doubt = in_doubt
        super().__init__(why)


def _is_in(client: smtplib.SMTP, trace: Iterable[str]) -> bool:
    """Whether the mail system that answered EHLO is one of those that handed a mail on."""
    name, *_ = (client.ehlo_resp or b"").decode("ascii", "replace").lower().split() or [""]
    return name in map(str.lower, trace)


def _expect(reply: tuple[int, bytes], refused: Reason, ready: int = 250) -> None:
    """Raise _FailedConversation unless the reply is the expected one; a 5xx refuses all recipients for good."""
    code = reply[0]
    if code == ready:
        return
    raise _FailedConversation(refused if code >= 500 else Reason.HOP_BUSY, _words(reply))  # noqa: PLR2004


def _offer(client: smtplib.SMTP, recipient: Recipient, asked: Sequence[str] = ()) -> tuple[Delivery, str]:
    """Name one recipient, with more parameters; RELAYED here means that the hop takes the message for it."""
    options = [*asked]
    if client.has_extn("dsn"):
        options += [f"NOTIFY={','.join(recipient.notify)}"] if recipient.notify else []
        options += [f"ORCPT={recipient.original or f'rfc822;{xtext(recipient.address)}'}"]
    return _judged(client.rcpt(recipient.address, options))


def _judged(reply: tuple[int, bytes]) -> tuple[Delivery, str]:
    """The delivery that a reply tells: 2xx taken, 4xx later, 5xx never."""
    code = reply[0]
    if 200 <= code < 300:  # noqa: PLR2004  # RFC 5321, 4.2.1
        return Delivery.RELAYED, _words(reply)
    return (Delivery.REFUSED if code >= 500 else Delivery.WAITING), _words(reply)  # noqa: PLR2004


def _words(reply: tuple[int, bytes]) -> str:
    """A reply as one printable line."""
    text = " ".join(reply[1].decode("ascii", "replace").split())
    return f"{reply[0]} {''.join(filter(str.isprintable, text))}"[:LONGEST_WORDS]


def _mail_options(client: smtplib.SMTP, mail: Mailed, size: int) -> list[str]:
    options = [f"SIZE={size}"] if client.has_extn("size") else []
    options += ["BODY=8BITMIME"] if client.has_extn("8bitmime") else []
    if client.has_extn("dsn"):
        options += [f"RET={'HDRS' if mail.wants_headers else 'FULL'}"]
        options += [f"ENVID={mail.envelope_id}"] if mail.envelope_id else []
    return options


def _dotted(message: bytes) -> bytes:
    """The message as it crosses the wire: lines that begin with a dot get another one."""
    whole = message if message.endswith(b"\r\n") else message + b"\r\n"
    stuffed = whole.replace(b"\r\n.", b"\r\n..")
    return (b"." if stuffed.startswith(b".") else b"") + stuffed
