from __future__ import annotations

import asyncio
import datetime as dt
import socket
import ssl
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from msgspec.structs import replace

from firmware.config.mail_settings import HopConfig
from firmware.identity.certificates import certificate_pem, issue_appliance, key_pem, new_authority, new_private_key
from firmware.identity.server_tls import hop_context
from firmware.service.acceptance import Posted
from passbook.errors import PassbookError
from passbook.job import changes
from passbook.job.actor import Actor
from passbook.job.mailed import Delivery, Mailed, Notify, Recipient
from passbook.job.record import Answered, HistoryKind, Record, Verdict
from passbook.job.states import JobState, Reason
from passbook.mail.smtp_envelope import Need, read_recipient
from passbook.protocol.messages import SubmitJob
from spooler.desk import PrintDesk
from spooler.feeding import Feeding
from spooler.news import JobChanged, News
from spooler.next_hop import (
    FIRST_PAUSE,
    LONGEST_PAUSE,
    MAIL_FORMAT,
    SPREAD,
    Access,
    AfterRelays,
    NextHop,
    Relays,
    RelayTurns,
)
from storage.crypto.envelope import open_document
from tests.firmware.branch import PRINTER, TELLER, WAIT, Bench, StandingClock, request
from tests.spooler.fake_hop import SMALL, FakeHop, HangUp, listening

HOP = "other"
SENDER = "anna@bank.example"
ONE, TWO = "one@other.example", "two@other.example"
MESSAGE = b"Subject: a\r\n\r\n.dot\r\n..two\r\n.\r\nend without a line's end"
LONG = b"Subject: a\r\n\r\n" + b"x" * 70 + b"\r\n" * 400_000


PLAIN = Access("branch.example")


def wait_for(condition: threading.Condition, fact: Callable[[], bool]) -> None:
    with condition:
        assert condition.wait_for(fact, WAIT)


class Office:
    """The store, the admission and the desk of one next hop; time goes on only when it is told to."""

    def __init__(
        self,
        folder: Path,
        hop: FakeHop,
        *,
        appliance: bool = False,
        access: Access = PLAIN,
        **settings: Any,
    ) -> None:
        self.hop = hop
        self.bench = Bench(folder)
        self.clock: StandingClock = self.bench.clock
        self.relays = Relays(self.clock, lambda: 0.5, lambda: None)
        self.next_hop = NextHop(
            HopConfig(HOP, f"127.0.0.1:{hop.port}", tls="none", appliance=appliance, **settings),
            access,
            self.relays,
            document=self._document,
            change=lambda job, change: self.bench.jobs.change(job, change).result(WAIT),
            clock=self.clock,
        )
        self.admission = self.bench.admission(destinations={HOP: self.next_hop})
        self.desk = PrintDesk(
            self.next_hop,
            jobs=self.bench.jobs,
            clock=self.clock,
            tell=self.bench.hear,
            feeding=RelayTurns(self.relays),
        )
        self._told = threading.Condition()
        self.bench.listen = self._listen
        self.desk.start()

    def _document(self, record: Record) -> bytes:
        key = self.bench.keys.get(record.job_id)
        assert key is not None
        spool = self.bench.spool
        return open_document(record.identity(), spool.sealed(spool.job(record.job_id)), key)

    def _listen(self, news: News) -> None:
        if isinstance(news, JobChanged):
            self.relays.note(news.record)
        with self._told:
            self._told.notify_all()
        self.desk.wake()

    def submit(self, *recipients: Recipient, message: bytes = MESSAGE, number: str = "r-1") -> str:
        mail = Mailed("0" * 32, SENDER, "", "<1@bank.example>", recipients, envelope_id="a+2Bb")
        asked = SubmitJob(client_request=number, printer=HOP, format=MAIL_FORMAT)
        posted = Posted(asked, message, mail, message)
        [record] = asyncio.run(self.admission.submit_together(Actor.of_mail(SENDER, ""), [posted]))
        return record.job_id

    def until(self, fact: Callable[[Record], bool], job: str) -> Record:
        """The record as soon as it is told that the fact is true of it."""

        def told() -> list[Record]:
            records = [one.record for one in self.bench.told if isinstance(one, JobChanged)]
            return [one for one in records if one.job_id == job and fact(one)]

        wait_for(self._told, lambda: bool(told()))
        return told()[0]

    def ended(self, job: str) -> Record:
        return self.until(lambda one: one.ended, job)

    def asked(self, job: str, epoch: int = 0) -> Record:
        return self.until(lambda one: not one.valid and not one.ended and one.epoch > epoch, job)

    def postponed(self, job: str, reason: Reason, times: int = 1) -> Record:
        """The record after so many attempts that were postponed for the reason."""

        def told() -> list[Record]:
            records = [one.record for one in self.bench.told if isinstance(one, JobChanged)]
            return [one for one in records if one.job_id == job and one.valid and reason in one.reasons]

        wait_for(self._told, lambda: len(told()) >= times)
        return told()[times - 1]

    def pass_time(self, seconds: float) -> None:
        self.clock.seconds += seconds
        self.desk.wake()

    def answer(self, record: Record, verdict: Verdict, step: int = 0) -> None:
        given = Answered(record.epoch, verdict, step, record.sending, "manager", "A. Person")
        at = record.changed_at
        self.bench.jobs.change(record.job_id, changes.answer(given, at=at, date=at[:10], trusted=True)).result(WAIT)

    def kinds(self, job: str) -> list[HistoryKind]:
        return [one.entry.kind for one in self.bench.spool.history(job)]

    def close(self) -> None:
        self.desk.stop()
        self.bench.spool.close()


OpenHop = Callable[..., Office]


@pytest.fixture
def hop() -> Iterator[FakeHop]:
    with listening(FakeHop()) as hop:
        yield hop


@pytest.fixture
def open_hop(tmp_path: Path, hop: FakeHop) -> Iterator[OpenHop]:
    """Open the office of the hop, once."""
    opened: list[Office] = []

    def open_one(**settings: Any) -> Office:
        opened.append(Office(tmp_path, hop, **settings))
        return opened[0]

    yield open_one
    for one in opened:
        one.close()


@pytest.fixture
def office(open_hop: OpenHop) -> Office:
    return open_hop()


def deliveries(record: Record) -> dict[str, Delivery]:
    assert record.mail is not None
    return {one.address: one.delivery for one in record.mail.recipients}


def test_a_terminal_sends_no_message_to_a_hop(office: Office) -> None:
    asked = SubmitJob(client_request="r-1", printer=HOP, format=MAIL_FORMAT, key=bytes(32), key_ref="k1")
    with pytest.raises(PassbookError) as refused:
        asyncio.run(office.admission.submit(TELLER, asked, MESSAGE))
    assert refused.value.code == "unknown-format"


# What the hop says


def test_8_bit_content_goes_to_no_hop_that_takes_none_and_others_do_not_wait_for_it(office: Office) -> None:
    office.hop.eight_bit = False
    eight = office.submit(Recipient(ONE), message="Subject: x\r\n\r\nGrüße\r\n".encode())
    record = office.asked(eight)
    assert Reason.HOP_REFUSED in record.reasons
    assert record.mail is not None
    assert [one.reply[:9] for one in record.mail.recipients] == ["554 5.6.3"]
    office.ended(office.submit(Recipient(TWO), number="r-2"))
    assert [to for _, to, _ in office.hop.taken] == [(TWO,)]


@pytest.mark.slow
@pytest.mark.parametrize("knows", [True, False])
def test_an_appliance_is_asked_for_what_a_job_needs_and_another_system_is_not(
    office: Office, hop: FakeHop, knows: bool
) -> None:
    hop.extensions = ("DSN", "XFORM", "XFORMAT") if knows else ("DSN",)
    mail = Mailed("0" * 32, SENDER, "", "<1@bank.example>", (Recipient(ONE),))
    need = Need("form", "certificate", "certificate", 2)
    assert office.next_hop.takes(mail, need)
    assert ("XFORM=certificate:2" in hop.seen[-1], "XFORMAT=form:certificate" in hop.seen[-1]) == (knows, knows)
    assert office.next_hop.takes(mail, Need("text"))
    assert ("XFORMAT=text" in hop.seen[-1], "XFORM=" in hop.seen[-1]) == (knows, False)
    assert office.next_hop.takes(mail, Need())
    assert "XFORM" not in hop.seen[-1]
    for reply in ("452 4.3.1 forms-short: none are left", "554 5.6.0 unknown-layout: it is not known"):
        hop.rcpt[ONE] = reply
        assert not office.next_hop.takes(mail, need)


def test_a_hop_that_handed_the_mail_on_already_does_not_take_it_back(office: Office, hop: FakeHop) -> None:
    mail = Mailed("0" * 32, SENDER, "", "<1@bank.example>", (Recipient(ONE),), trace=("a.example", "Hop.example"))
    assert not office.next_hop.takes(mail, Need())
    assert hop.seen == []
    assert office.next_hop.takes(replace(mail, trace=("a.example",)), Need())


def test_a_message_that_the_hop_took_is_confirmed_and_came_as_it_was(office: Office) -> None:
    job = office.submit(Recipient(ONE, "rfc822;o@x", (Notify.SUCCESS, Notify.FAILURE)), Recipient(TWO))
    record = office.ended(job)
    assert (record.state, record.confirmed, record.sending) == (JobState.COMPLETED, 1, 0)
    assert deliveries(record) == dict.fromkeys((ONE, TWO), Delivery.RELAYED)
    assert office.hop.taken == [(SENDER, (ONE, TWO), MESSAGE + b"\r\n")]
    said = office.hop.seen
    assert said[0].startswith(f"MAIL FROM:<{SENDER}> ")
    assert said[0].upper().endswith("RET=FULL ENVID=A+2BB")
    assert said[1:] == [
        f"RCPT TO:<{ONE}> NOTIFY=SUCCESS,FAILURE ORCPT=rfc822;o@x",
        f"RCPT TO:<{TWO}> ORCPT=rfc822;{TWO}",
    ]


@pytest.mark.slow
def test_the_address_of_a_recipient_is_written_as_the_next_hop_reads_it(office: Office) -> None:
    odd, handed = "a+b=c@other.example", "w+2Bx@branch.example"
    office.ended(office.submit(Recipient(odd), Recipient(TWO, f"rfc822;{handed}")))
    assert [read_recipient(line.removeprefix("RCPT ")).original for line in office.hop.seen[1:]] == [
        "rfc822;a+2Bb+3Dc@other.example",
        f"rfc822;{handed}",
    ]


def test_a_recipient_that_is_put_off_is_tried_again_alone(office: Office) -> None:
    office.hop.rcpt[TWO] = "450 4.2.1 later"
    job = office.submit(Recipient(ONE), Recipient(TWO))
    record = office.postponed(job, Reason.HOP_BUSY)
    assert deliveries(record) == {ONE: Delivery.RELAYED, TWO: Delivery.WAITING}
    assert (record.sending, record.begun, record.valid) == (0, False, True)
    office.hop.rcpt.clear()
    office.pass_time(FIRST_PAUSE)
    assert deliveries(office.ended(job)) == dict.fromkeys((ONE, TWO), Delivery.RELAYED)
    assert [to for _, to, _ in office.hop.taken] == [(ONE,), (TWO,)]
    assert HistoryKind.STOPPED not in office.kinds(job)


@pytest.mark.parametrize("last", ["421 4.3.2 closing", "500 5.5.1 what", ""])
def test_the_reply_to_quit_changes_nothing(office: Office, last: str) -> None:
    """The hop has taken the message, or has refused it, before."""
    office.hop.quit = last
    job = office.submit(Recipient(ONE))
    assert office.ended(job).state is JobState.COMPLETED
    office.hop.mail = "550 5.7.1 not you"
    refused = office.submit(Recipient(ONE), number="r-2")
    assert Reason.HOP_REFUSED in office.asked(refused).reasons


@pytest.mark.slow
def test_a_refused_recipient_leaves_a_dead_letter_and_the_other_has_its_copy_once(office: Office) -> None:
    office.hop.rcpt[TWO] = "550 5.1.1 no such window"
    job = office.submit(Recipient(ONE), Recipient(TWO))
    record = office.asked(job)
    assert Reason.HOP_REFUSED in record.reasons
    assert record.sending == 0
    assert deliveries(record) == {ONE: Delivery.RELAYED, TWO: Delivery.REFUSED}
    assert record.mail is not None
    assert record.mail.recipients[1].reply == "550 5.1.1 no such window"
    office.hop.rcpt.clear()
    office.answer(record, Verdict.RESUME, 1)
    assert deliveries(office.ended(job)) == dict.fromkeys((ONE, TWO), Delivery.RELAYED)
    assert [to for _, to, _ in office.hop.taken] == [(ONE,), (TWO,)]


@pytest.mark.slow
@pytest.mark.parametrize("reply", ["451 4.3.0 later", "421 4.3.2 later", "452 4.3.1 full"])
def test_a_temporary_reply_to_the_message_postpones_it(office: Office, reply: str) -> None:
    office.hop.data = reply
    job = office.submit(Recipient(ONE))
    record = office.postponed(job, Reason.HOP_BUSY)
    assert deliveries(record) == {ONE: Delivery.WAITING}
    office.hop.data = "250 2.0.0 taken"
    office.pass_time(FIRST_PAUSE)
    assert office.ended(job).state is JobState.COMPLETED
    assert len(office.hop.taken) == 1


@pytest.mark.parametrize("command", ["mail", "data"])
def test_a_permanent_reply_makes_a_dead_letter(office: Office, command: str) -> None:
    setattr(office.hop, command, "554 5.6.0 never")
    record = office.asked(office.submit(Recipient(ONE)))
    assert Reason.HOP_REFUSED in record.reasons
    office.pass_time(LONGEST_PAUSE * 2)
    assert office.hop.taken == []
    assert office.hop.connections == 1


def test_a_dead_letter_that_a_person_discards_is_not_sent(office: Office) -> None:
    office.hop.rcpt[ONE] = "550 5.1.1 no such window"
    job = office.submit(Recipient(ONE))
    office.answer(office.asked(job), Verdict.DISCARD)
    assert office.ended(job).state is JobState.CANCELED
    assert office.hop.taken == []


# A hop that hangs up


@pytest.fixture
def narrow_network(monkeypatch: pytest.MonkeyPatch) -> None:
    """A network that takes a few bytes at a time, so that a long message stands while the hop does not read."""
    connect = socket.create_connection

    def connect_narrowly(*arguments: Any, **settings: Any) -> socket.socket:
        connection = connect(*arguments, **settings)
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, SMALL)
        return connection

    monkeypatch.setattr(socket, "create_connection", connect_narrowly)


@pytest.mark.long
@pytest.mark.usefixtures("narrow_network")
@pytest.mark.parametrize("moment", [HangUp.AT_ONCE, HangUp.AT_MAIL, HangUp.AT_DATA])
def test_before_the_last_line_of_the_message_nothing_is_in_doubt(office: Office, moment: HangUp) -> None:
    office.hop.hang_up = moment
    job = office.submit(Recipient(ONE), message=LONG)
    record = office.postponed(job, Reason.HOP_UNREACHABLE)
    assert (record.sending, record.valid) == (0, True)
    office.hop.hang_up = HangUp.NEVER
    office.pass_time(FIRST_PAUSE)
    assert office.ended(job).state is JobState.COMPLETED
    assert len(office.hop.taken) == 1
    assert HistoryKind.STOPPED not in office.kinds(job)


@pytest.mark.slow
def test_without_a_reply_to_the_message_people_are_asked_and_nothing_is_sent_again(office: Office) -> None:
    """A mail server may print a double."""
    office.hop.hang_up = HangUp.AT_END
    job = office.submit(Recipient(ONE))
    record = office.asked(job)
    assert Reason.HOP_IN_DOUBT in record.reasons
    assert record.sending == 1
    office.hop.hang_up = HangUp.NEVER
    office.pass_time(LONGEST_PAUSE * 2)
    other = office.submit(Recipient(TWO), number="r-2")
    office.ended(other)
    assert [to for _, to, _ in office.hop.taken] == [(ONE,), (TWO,)]
    office.answer(record, Verdict.RESUME, 1)
    assert office.ended(job).state is JobState.COMPLETED
    assert [to for _, to, _ in office.hop.taken] == [(ONE,), (TWO,), (ONE,)]


@pytest.mark.slow
def test_an_appliance_that_did_not_reply_is_simply_asked_again(open_hop: OpenHop) -> None:
    office = open_hop(appliance=True)
    office.hop.hang_up = HangUp.AT_END
    job = office.submit(Recipient(ONE))
    record = office.postponed(job, Reason.HOP_IN_DOUBT)
    assert record.valid
    office.hop.hang_up = HangUp.NEVER
    office.pass_time(FIRST_PAUSE)
    assert office.ended(job).state is JobState.COMPLETED
    assert HistoryKind.STOPPED not in office.kinds(job)


# A hop whose certificate is judged

HOST = "hop.example"
NOW = dt.datetime.now(dt.UTC)
LONG_AGO = NOW - dt.timedelta(days=20 * 365)


class Authority:
    """An authority with the certificates of hops, in a folder."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._own = new_authority("hops", NOW)
        self.file = folder / "hops.pem"
        self.file.write_bytes(certificate_pem(self._own.certificate))

    def context(self, host: str = HOST, at: dt.datetime = NOW) -> ssl.SSLContext:
        """The hop's side, with a certificate for `host` that was given at `at`."""
        key = new_private_key()
        certificate = issue_appliance(self._own, key.public_key(), "hop", [host], at)
        file, key_file = self._folder / "hop.pem", self._folder / "hop-key.pem"
        file.write_bytes(certificate_pem(certificate))
        key_file.write_bytes(key_pem(key))
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(file, key_file)
        return context


@pytest.fixture
def authority(tmp_path: Path) -> Authority:
    folder = tmp_path / "authority"
    folder.mkdir()
    return Authority(folder)


def demanding(authority: Authority, name: str = HOST) -> Access:
    """TLS is required, with a certificate of the authority for that name."""
    return Access("branch.example", hop_context(authority.file, None, None), name)


def test_a_hop_with_the_right_certificate_gets_the_message_under_tls(open_hop: OpenHop, authority: Authority) -> None:
    """The name is that of the set-up file, whatever address was dialed."""
    office = open_hop(access=demanding(authority))
    office.hop.context = authority.context()
    assert office.ended(office.submit(Recipient(ONE))).state is JobState.COMPLETED
    assert len(office.hop.taken) == 1


@pytest.mark.parametrize(
    ("given", "why"),
    [
        (lambda one: one.context(at=LONG_AGO), "certificate has expired"),
        (lambda one: one.context("another.example"), "certificate is not valid for"),
        (lambda _one: None, "SMTPNotSupportedError"),
    ],
    ids=["expired", "of another name", "no TLS"],
)
def test_a_hop_that_does_not_prove_itself_gets_nothing_and_the_log_says_why(
    open_hop: OpenHop,
    authority: Authority,
    caplog: pytest.LogCaptureFixture,
    given: Callable[[Authority], ssl.SSLContext | None],
    why: str,
) -> None:
    office = open_hop(access=demanding(authority))
    office.hop.context = given(authority)
    record = office.postponed(office.submit(Recipient(ONE)), Reason.HOP_UNREACHABLE)
    assert (record.valid, record.sending) == (True, 0)
    assert office.hop.seen == []
    assert any(why in str(vars(one)) for one in caplog.records), [vars(one) for one in caplog.records]


# Attempts


def test_a_hop_is_not_tried_again_before_the_pause_is_over(office: Office) -> None:
    office.hop.hang_up = HangUp.AT_MAIL
    job = office.submit(Recipient(ONE))
    office.postponed(job, Reason.HOP_UNREACHABLE)
    office.pass_time(FIRST_PAUSE - 0.1)
    other = office.submit(Recipient(TWO), number="r-2")
    office.postponed(other, Reason.HOP_UNREACHABLE)
    assert office.hop.connections == 2, "the other job's first attempt, and no second one of this job"
    office.pass_time(0.1)
    office.postponed(job, Reason.HOP_UNREACHABLE, 2)
    assert office.hop.connections == 3


def test_a_hop_that_stays_away_makes_a_dead_letter_in_the_end(open_hop: OpenHop) -> None:
    office = open_hop(give_up_hours=1.0)
    office.hop.hang_up = HangUp.AT_ONCE
    job = office.submit(Recipient(ONE))
    office.postponed(job, Reason.HOP_UNREACHABLE)
    office.pass_time(3599)
    office.postponed(job, Reason.HOP_UNREACHABLE, 2)
    office.pass_time(LONGEST_PAUSE)
    record = office.asked(job)
    assert Reason.GIVEN_UP in record.reasons
    assert (record.sending, record.epoch) == (0, 1)


@pytest.mark.parametrize("chance", [0.0, 0.5, 1.0])
def test_pauses_double_up_to_a_limit_with_a_spread_of_chance(chance: float) -> None:
    clock = StandingClock()
    relays = Relays(clock, lambda: chance, lambda: None)
    first = clock.seconds
    for failed in range(12):
        assert relays.note_failure("job") == pytest.approx(clock.seconds - first)
        expected = min(LONGEST_PAUSE, FIRST_PAUSE * 2**failed) * (1 + SPREAD * (2 * chance - 1))
        clock.seconds += expected * 0.999
        assert not relays.may_try("job")
        assert relays.may_try("another job")
        clock.seconds += expected * 0.002
        assert relays.may_try("job")
    relays.over("job")
    assert relays.may_try("job")
    assert relays.note_failure("job") == 0, "a new life of the job begins anew"


# The own copy waits


class AlwaysFeeding:
    """A printer that may begin any job."""

    def may_begin(self, _record: Record) -> bool:
        return True

    plan_for = over = is_lent = note_left = None


def copy_of(record: Record, submission: str = "0" * 32) -> Record:
    return replace(record, printer=PRINTER, mail=Mailed(submission, SENDER, "", "", (Recipient("w@b"),), part=1))


@pytest.fixture
def records(office: Office) -> tuple[Record, Record]:
    """A relay, and the own copy of the same mail."""
    office.hop.hang_up = HangUp.AT_ONCE
    relay = office.postponed(office.submit(Recipient(ONE)), Reason.HOP_UNREACHABLE)
    return relay, copy_of(relay)


def test_the_own_copy_prints_after_the_first_attempt_of_each_relay_whatever_came_of_it(
    records: tuple[Record, Record],
) -> None:
    relay, copy = records
    woken: list[bool] = []
    relays = Relays(StandingClock(), lambda: 0.5, lambda: woken.append(True))
    feeding: Any = AlwaysFeeding()
    after: Feeding = AfterRelays(feeding, relays)
    relays.expect("0" * 32, ["first", "second"])
    assert not after.may_begin(copy)
    assert after.may_begin(copy_of(copy, "1" * 32)), "another mail waits for nothing"
    relays.note_attempt("first", relay)
    assert not after.may_begin(copy)
    assert woken == []
    relays.note_attempt("second", relay)
    assert after.may_begin(copy)
    assert woken == [True]
    relays.note_attempt("second", relay)
    assert woken == [True], "a retry concerns no printer"


def test_a_mail_that_was_not_accepted_or_whose_relay_waits_for_people_holds_nothing_up(
    records: tuple[Record, Record],
) -> None:
    relay, copy = records
    relays = Relays(StandingClock(), lambda: 0.5, lambda: None)
    relays.expect("0" * 32, [HOP])
    relays.expect_only("0" * 32, [])
    assert not relays.is_awaited(copy)
    relays.expect("0" * 32, [HOP])
    relays.note(relay)
    assert relays.is_awaited(copy), "its attempt is still to come"
    relays.note(replace(relay, valid=False))
    assert not relays.is_awaited(copy)


# What is no relay


def test_only_a_whole_message_goes_to_a_next_hop(office: Office) -> None:
    for ask in (office.next_hop.judge_announced, lambda one: office.next_hop.prepare(one, b"")):
        with pytest.raises(PassbookError) as refused:
            ask(request(printer=HOP))
        assert refused.value.code == "unknown-format"
    with pytest.raises(PassbookError) as refused:
        office.next_hop.judge_kind("text", "")
    assert refused.value.code == "unknown-format"
    office.next_hop.judge_kind("message", "")
