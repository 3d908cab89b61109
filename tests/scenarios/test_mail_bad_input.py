"""Bad input at the mail door: each has its reply code, nothing of it is accepted, and others are served meanwhile."""

from __future__ import annotations

import base64
import json
import re
import resource
from collections.abc import Iterator
from contextlib import ExitStack, suppress
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Final

import pytest

from client.connection import TerminalClient
from demo.mail_servers import free_address
from demo.world import PRINTER, World, await_fact
from drivers.simulator.faults import Now, Target
from firmware.doors.mail_door import LONGEST_MAIL, MOST_OF_ADDRESS
from firmware.service.mail_intake import MOST_RECIPIENTS
from passbook.mail.message_reading import LONGEST_MESSAGE, MOST_PARTS
from tests.passbook.mail.messages import UPDATE, holder, part
from tests.scenarios.clerk import as_terminal
from tests.scenarios.conftest import OpenOffice, an_office
from tests.scenarios.door import standing
from tests.scenarios.held_disk import FULL, PROGRAM, DiskHold
from tests.scenarios.mail_office import DOMAIN, SENDER, WINDOW, jobs_of, mail_settings
from tests.scenarios.office import Office
from tests.scenarios.smtp_talk import Talk

CLOSED: Final = f"closed@{DOMAIN}"
"""Only senders with a proof may write to it."""
NEIGHBOUR: Final = "north"
"""An appliance that hands on mail of others."""
PHRASE: Final = "correct horse battery staple"
END: Final = b"\r\n.\r\n"
TEXT: Final = b"Subject: a\r\n\r\nprint me\r\n"
ROUTE: Final = f'[[route]]\nto = ["{CLOSED}", "@{DOMAIN}"]\nprinter = "{PRINTER}"\n'


class Door:
    """An office with a mail door whose mechanism has no power, so that nothing prints."""

    def __init__(self, office: Office, address: str) -> None:
        self.office, self.address = office, address

    def talk(self, source: str = "") -> Talk:
        return Talk(self.address, source).greet()

    def logged(self, event: str) -> list[dict[str, Any]]:
        lines = map(json.loads, self.office.world.log_file.read_text().splitlines())
        return [line for line in lines if line["event"] == event]

    def serves_others(self) -> None:
        """A terminal and another sender are answered."""
        assert as_terminal(self.office.manager, TerminalClient.status).printers[0].printer == PRINTER
        with self.talk() as other:
            assert other.say("NOOP").startswith("250 ")

    def discard(self) -> None:
        """End each job that a test had accepted."""
        for job in jobs_of(self.office):
            self.office.manager.run("cancel", str(job["job"]), "--person", "A. Person")


@pytest.fixture(scope="module")
def open_mail_door(furnished: World) -> Iterator[Door]:
    """One office for the tests of this file."""
    address = free_address()
    with TemporaryDirectory(prefix="pb-") as folder, World(Path(folder)) as grown:
        # The furnished branch is for all tests: a neighbour is enrolled in a branch like it.
        grown.build_like(furnished)
        grown.enroll(NEIGHBOUR)
        passwords = grown.config_file.parent / "mail-passwords"
        passwords.write_text(f"counter-1:{PHRASE}\n")
        passwords.chmod(0o600)
        settings = mail_settings(address, more=f'passwords = "{passwords}"\nappliances = ["{NEIGHBOUR}"]\n') + ROUTE
        with an_office(grown, settings, own_key_jobs=True) as office:
            office.hands.cut(Target.PRINTER, Now())
            yield Door(office, address)


@pytest.fixture
def door(open_mail_door: Door) -> Iterator[Door]:
    """It must be as it was, serve others, and tell of no defect, whatever a test did."""
    before = standing(open_mail_door.office)
    yield open_mail_door
    open_mail_door.serves_others()
    assert standing(open_mail_door.office) == before
    assert open_mail_door.logged("mail-failed") == []


@pytest.fixture
def taking_door(open_mail_door: Door) -> Iterator[Door]:
    """For a test whose mails are accepted; it ends their jobs."""
    assert jobs_of(open_mail_door.office) == []
    yield open_mail_door
    open_mail_door.serves_others()
    open_mail_door.discard()
    assert open_mail_door.logged("mail-failed") == []


def code(reply: str) -> str:
    """Reply code and enhanced status code."""
    return " ".join(reply.split()[:2])


def data_reply(door: Door, data: bytes) -> str:
    """The reply to a message; the conversation must go on behind it."""
    with door.talk() as talk:
        talk.envelope(SENDER, WINDOW).write(data + END)
        reply = talk.reply()
        assert talk.say("QUIT").startswith("221 ")
        return reply


# Smuggling, and lines that are none


@pytest.mark.parametrize(
    "ending",
    [b"\n.\n", b"\r.\r", b"\r\n.\n", b"\n.\r\n", b"\r.\r\n", b"\r\n.\r", b"\r\r\n.\n", b"\n\n.\n\r", b"\r\n\0.\r\n"],
    ids=repr,
)
def test_no_second_mail_is_smuggled_behind_an_end_that_is_none(door: Door, ending: bytes) -> None:
    smuggled = f"MAIL FROM:<evil@bank.example>\r\nRCPT TO:<{WINDOW}>\r\nDATA\r\n".encode() + TEXT
    assert code(data_reply(door, TEXT + ending + smuggled)) == "554 5.6.0"


@pytest.mark.parametrize("data", [b"a\nb", b"a\rb", b"a\r\r\nb", b"a\0b"], ids=repr)
@pytest.mark.parametrize("where", ["headers", "body"])
def test_bare_cr_and_lf_and_zero_bytes_are_refused(door: Door, data: bytes, where: str) -> None:
    sent = b"Subject: " + data + b"\r\n\r\na" if where == "headers" else TEXT + data
    assert code(data_reply(door, sent)) == "554 5.6.0"


@pytest.mark.parametrize(
    "line", [b"", b"\x00", b"\xff\xfe", b"MAIL FROM:<\xc3\xa9@b>", b"MAIL", b"HELP " + b"x" * 5000, b"GET / HTTP/1.1"]
)
def test_a_line_that_is_no_command_is_answered_and_the_conversation_goes_on(door: Door, line: bytes) -> None:
    with door.talk() as talk:
        assert talk.say(line)[:2] == "50"
        assert talk.say("NOOP").startswith("250 ")


@pytest.mark.parametrize(
    ("line", "wanted"),
    [
        (f"MAIL FROM:<{SENDER}> X=1", "555 5.5.4"),
        (f"MAIL FROM:<{SENDER}> SIZE=x", "501 5.5.4"),
        (f"MAIL FROM:<{SENDER}> SIZE=1 SIZE=1", "501 5.5.4"),
        (f"MAIL FROM:<{SENDER}> RET=ALL", "501 5.5.4"),
        (f"MAIL FROM:<{SENDER}> BODY=BINARYMIME", "501 5.5.4"),
        (f"MAIL FROM:<{SENDER}> ENVID={'x' * 101}", "501 5.5.4"),
        (f"MAIL FROM:{SENDER}", "501 5.5.2"),
        ("MAIL FROM:<a b@c>", "553 5.1.3"),
        (f"RCPT TO:<{WINDOW}>", "503 5.5.1"),
    ],
)
def test_a_command_with_a_mistake_has_its_code(door: Door, line: str, wanted: str) -> None:
    with door.talk() as talk:
        assert code(talk.say(line)) == wanted


@pytest.mark.parametrize(
    ("parameters", "wanted"),
    [
        ("NOTIFY=NEVER,SUCCESS", "501 5.5.4"),
        ("NOTIFY=", "501 5.5.4"),
        ("ORCPT=rfc822", "501 5.5.4"),
        ("ORCPT=rfc822;a=b", "501 5.5.4"),
        ("ORCPT=;a@b", "501 5.5.4"),
        ("SIZE=1", "555 5.5.4"),
    ],
)
def test_a_recipients_parameters_are_judged(door: Door, parameters: str, wanted: str) -> None:
    with door.talk() as talk:
        assert talk.say(f"MAIL FROM:<{SENDER}>").startswith("250 ")
        assert code(talk.say(f"RCPT TO:<{WINDOW}> {parameters}")) == wanted
        assert talk.say("DATA").startswith("503 ")


# Messages that are too much


@pytest.mark.parametrize(
    ("headers", "wanted"),
    [
        (b"X: " + b"y" * 2**20, "500"),
        (b"X: " + b"y" * 900 + b"\r\n" + (b" " + b"y" * 900 + b"\r\n") * 1200 + b" z", "554"),
        ((b"X: " + b"y" * 900 + b"\r\n") * 1200 + b"X: z", "554"),
        (b"Content-Type: text/plain;" + b"\r\n a=b;" * 10_000, "554"),
    ],
    ids=["one line", "one folded header", "many headers", "one about content"],
)
def test_headers_of_a_megabyte_are_refused(door: Door, headers: bytes, wanted: str) -> None:
    assert data_reply(door, headers + b"\r\n" + TEXT)[:3] == wanted


def test_a_thousand_parts_and_a_hundred_levels_are_refused(door: Door) -> None:
    many = holder([part("text/plain", b"x", "Content-Disposition: attachment")] * 1000)
    assert f"more than {MOST_PARTS} parts" in data_reply(door, many)
    deep = part(UPDATE)
    for level in range(100):
        deep = holder([deep], "mixed", f"b{level}")
    assert code(data_reply(door, deep)) == "554 5.6.0"
    assert code(data_reply(door, b"Content-Type: message/rfc822\r\n\r\n" * 5000 + TEXT)) == "554 5.6.0"


def test_a_parameter_in_a_charset_that_raises_is_refused_for_good(door: Door) -> None:
    raising = part("text/plain", b"a", "Content-Disposition: attachment; filename*=undefined''a")
    assert code(data_reply(door, raising)) == "554 5.6.0"


def test_a_message_beyond_the_size_is_refused_before_and_behind_it(door: Door) -> None:
    with door.talk() as talk:
        assert f"SIZE {LONGEST_MESSAGE}" in talk.say("EHLO client.example")
        assert code(talk.say(f"MAIL FROM:<{SENDER}> SIZE={LONGEST_MESSAGE + 1}")) == "552 5.3.4"
        assert code(talk.say(f"MAIL FROM:<{SENDER}> SIZE={'9' * 20}")) == "552 5.3.4"
    lines = (b"x" * 70 + b"\r\n") * (LONGEST_MESSAGE // 72 + 1)
    assert data_reply(door, TEXT + lines)[:3] == "552"


def test_a_line_without_an_end_loses_its_connection(door: Door) -> None:
    with door.talk() as talk:
        talk.envelope(SENDER, WINDOW)
        with suppress(OSError):
            for _ in range(200):
                talk.write(b"x" * (LONGEST_MAIL // 50))
        assert talk.reply()[:3] in {"552", ""}, "where the system still hands over what was said at the end"
    assert door.logged("mail-refused")[-1]["code"] == "message-too-large"


def test_a_recipient_too_many_is_for_another_mail(door: Door) -> None:
    with door.talk() as talk:
        talk.start_tls(door.office)
        talk.say("EHLO client.example")
        assert talk.say(f"MAIL FROM:<{SENDER}>").startswith("250 ")
        replies = [talk.say(f"RCPT TO:<w{number}@{DOMAIN}>")[:9] for number in range(MOST_RECIPIENTS + 1)]
        assert replies == ["250 2.1.5"] * MOST_RECIPIENTS + ["452 4.5.3"]


# Senders


def test_an_unknown_recipient_is_refused_when_it_is_named(door: Door) -> None:
    with door.talk() as talk:
        assert talk.say(f"MAIL FROM:<{SENDER}>").startswith("250 ")
        assert code(talk.say("RCPT TO:<window-1@elsewhere.example>")) == "550 5.1.1"
        assert code(talk.say("RCPT TO:<>")) == "553 5.1.3"


def test_a_sender_without_a_proof_is_refused_when_the_recipient_is_named(door: Door) -> None:
    with door.talk() as talk:
        assert talk.say(f"MAIL FROM:<{SENDER}>").startswith("250 ")
        reply = talk.say(f"RCPT TO:<{CLOSED}>")
        assert code(reply) == "550 5.7.1"
        assert "mail-sender-unknown" in reply


def test_a_terminal_sends_under_its_own_name_alone(door: Door) -> None:
    with door.talk() as talk:
        talk.start_tls(door.office, "counter-1")
        talk.say("EHLO client.example")
        assert code(talk.say(f"MAIL FROM:<manager@{DOMAIN}>")) == "553 5.7.1"
        assert code(talk.say(f"MAIL FROM:<counter-1@{DOMAIN}>")) == "250 2.1.0"
        assert code(talk.say(f"RCPT TO:<{CLOSED}>")) == "250 2.1.5"
    with door.talk() as talk:
        assert code(talk.say(f"MAIL FROM:<counter-1@{DOMAIN}>")) == "553 5.7.1", "no proof, no name of ours"


def plain(name: str, password: str) -> str:
    return "AUTH PLAIN " + base64.b64encode(f"\0{name}\0{password}".encode()).decode()


def test_a_password_is_taken_under_tls_alone_and_when_it_is_right(door: Door) -> None:
    with door.talk() as talk:
        assert code(talk.say(plain("counter-1", PHRASE))) == "538 5.7.11"
        talk.start_tls(door.office, "manager")
        talk.say("EHLO client.example")
        for name, password in (("counter-1", "wrong"), ("nobody", PHRASE), ("counter-1", ""), ("", "")):
            assert talk.say(plain(name, password))[:3] in {"535", "501"}
        for line in ("AUTH PLAIN !", "AUTH", "AUTH X", "AUTH LOGIN"):
            assert talk.say(line)[:2] == "50"
        replies = [talk.say(plain("counter-1", "wrong"))[:3] for _ in range(2)]
        assert replies == ["535", "421"], "ten in a conversation"
        assert talk.reply() == ""
    assert PHRASE not in door.office.world.log_file.read_text()


def test_a_revoked_certificate_is_told_so_for_good(door: Door) -> None:
    office = door.office
    lost = office.world.enroll("lost-by-mail")
    office.world.revoke("lost-by-mail")
    with door.talk() as talk:
        talk.start_tls(office, lost.name)
        talk.say("EHLO client.example")
        reply = talk.say(f"MAIL FROM:<{SENDER}>")
        assert (reply[:3], "certificate-revoked" in reply) == ("550", True)


@pytest.mark.parametrize("hello", [b"EHLO client.example\r\n", b"\x16\x03\x01\x00\x05abcde", b""])
def test_a_handshake_that_fails_is_the_fault_of_the_peer(door: Door, hello: bytes) -> None:
    """The log has one warning of it, and none of a defect."""

    def told() -> int:
        return len([*door.logged("handshake-failed"), *door.logged("mail-refused")])

    before = told()
    with door.talk() as talk:
        assert talk.say("STARTTLS").startswith("220 ")
        talk.write(hello)
        talk.close_write()
        talk.read_to_end()
    await_fact(lambda: told() > before, lambda: door.logged("mail-failed"))


def test_commands_in_the_packet_of_starttls_are_dropped(door: Door) -> None:
    with door.talk() as talk:
        injected = f"EHLO evil.example\r\nMAIL FROM:<{SENDER}>\r\nRCPT TO:<{WINDOW}>\r\n".encode()
        talk.start_tls(door.office, more=injected)
        assert talk.say("NOOP").startswith("250 ")
        assert talk.say(f"RCPT TO:<{WINDOW}>")[:3] == "503"
        assert talk.say("DATA")[:3] == "503"


# Peers that stop, crawl, or come in crowds


@pytest.mark.parametrize("last", [b"", b".", b"\r\n.", b"\r\n.\r", b"x" * 1000], ids=repr)
def test_a_message_whose_connection_ends_before_its_last_line_is_none(door: Door, last: bytes) -> None:
    with door.talk() as talk:
        talk.envelope(SENDER, WINDOW).write(TEXT + last)
        talk.close_write()
        assert talk.reply() == ""


def test_who_sends_byte_by_byte_keeps_no_other_waiting(taking_door: Door) -> None:
    with taking_door.talk() as talk:
        talk.envelope(SENDER, WINDOW)
        for number, byte in enumerate(TEXT + END):
            if number % 10 == 0:
                taking_door.serves_others()
            talk.write(bytes([byte]))
        assert talk.reply().startswith("250 2.0.0 On disk")
    assert len(jobs_of(taking_door.office)) == 1


def greeting(door: Door, source: str) -> str:
    with Talk(door.address, source) as talk:
        return talk.reply()


def test_of_500_connections_of_one_host_most_are_told_to_come_later(door: Door) -> None:
    wanted = 1200
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (max(soft, min(wanted, hard)), hard))
    crowd, other = "127.9.9.9", "127.9.9.8"
    with ExitStack() as talks:
        replies = [talks.enter_context(Talk(door.address, crowd)).reply() for _ in range(500)]
        assert [one[:3] for one in replies] == ["220"] * MOST_OF_ADDRESS + ["421"] * (500 - MOST_OF_ADDRESS)
        door.serves_others()
        with door.talk(other) as talk:
            assert talk.say("NOOP").startswith("250 ")
    await_fact(lambda: greeting(door, crowd).startswith("220"), lambda: "they are still counted")
    resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))


# Mails that claim to be others


def test_8_bit_headers_are_taken_and_shown_as_far_as_they_can_be(taking_door: Door) -> None:
    with taking_door.talk() as talk:
        talk.envelope(SENDER, WINDOW).write(b"Subject: M\xfcller \xff\xfe\r\nFrom: \xc3\xa9\r\n\r\na" + END)
        assert talk.reply().startswith("250 2.0.0 ")
    [job] = jobs_of(taking_door.office)
    assert str(job).isprintable()


def test_a_message_id_of_two_contents_is_refused_and_a_recipient_that_stands_twice_has_one_job(
    taking_door: Door,
) -> None:
    with taking_door.talk() as talk:
        talk.envelope(SENDER, WINDOW, WINDOW, WINDOW.upper()).write(b"Message-ID: <1@a>\r\n" + TEXT + END)
        assert talk.reply().startswith("250 ")
        talk.envelope(SENDER, WINDOW).write(b"Message-ID: <1@a>\r\nX-Other: b\r\n" + TEXT + END)
        assert talk.reply().startswith("250 ")
        talk.envelope(SENDER, WINDOW).write(b"Message-ID: <1@a>\r\n" + TEXT + b"more" + END)
        reply = talk.reply()
        assert (code(reply), "request-reused" in reply) == ("554 5.5.4", True)
    assert len(jobs_of(taking_door.office)) == 1


@pytest.mark.long
@pytest.mark.parametrize("guess_first", [True, False])
def test_a_guessed_message_id_does_not_take_the_real_ones_place(taking_door: Door, *, guess_first: bool) -> None:
    """One that proves nothing knows sender and Message-ID of a mail to come."""
    name = b"Message-ID: <real-%d@bank.example>\r\n" % guess_first

    def guess() -> str:
        with taking_door.talk() as talk:
            talk.envelope(SENDER, WINDOW).write(name + TEXT + b"made up" + END)
            return talk.reply()[:3]

    def real() -> str:
        with taking_door.talk() as talk:
            talk.start_tls(taking_door.office, "counter-1")
            talk.say("EHLO client.example")
            talk.envelope(SENDER, WINDOW).write(name + TEXT + b"real" + END)
            return talk.reply()[:3]

    order = (guess, real) if guess_first else (real, guess)
    assert [one() for one in order] == ["250", "250"]
    assert len(jobs_of(taking_door.office)) == 2


@pytest.mark.long
def test_a_message_is_read_as_it_was_sent_wherever_its_packets_end(taking_door: Door) -> None:
    """The same Message-ID with any other content would be refused."""
    content = b".\r\n..\r\n.a\r\n\r\nb.\r\n...\r\n"
    coded = b"Message-ID: <dots@a>\r\nContent-Transfer-Encoding: base64\r\n\r\n" + base64.b64encode(content)
    sent = b"Message-ID: <dots@a>\r\n\r\n" + re.sub(rb"(?m)^\.", b"..", content) + b".\r\n"
    with taking_door.talk() as talk:
        talk.envelope(SENDER, WINDOW).write(coded + END)
        wanted = talk.reply()
        assert wanted.startswith("250 ")
        for cut in range(1, len(sent)):
            talk.envelope(SENDER, WINDOW).write(sent[:cut])
            talk.write(sent[cut:] + (b"NOOP\r\n" if cut % 2 else b""))
            assert talk.reply() == wanted
            assert not cut % 2 or talk.reply().startswith("250 ")
        for nothing in (b".\r\n", b"\r\n.\r\n"):
            talk.envelope(SENDER, WINDOW).write(nothing)
            assert code(talk.reply()) == "554 5.6.0"


def test_dots_of_transparency_do_not_make_a_large_message_small(door: Door) -> None:
    line = b"." * 3 + b"\r\n"
    assert code(data_reply(door, line * (LONGEST_MESSAGE // len(line) + 10))) == "552 5.3.4"


def test_a_line_that_is_too_long_is_refused(door: Door) -> None:
    assert code(data_reply(door, b"Subject: a\r\n\r\n" + b"x" * 1001)) == "500 5.5.2"


# Senders that another appliance hands on


@pytest.mark.long
def test_a_sender_that_another_appliance_could_not_prove_stays_unproven(taking_door: Door) -> None:
    """It takes neither the place of a proven one nor the name of a terminal, and is told nothing."""
    by_hand = b"Message-ID: <handed@bank.example>\r\n"
    own = f"counter-1@{DOMAIN}"
    with taking_door.talk() as talk:
        talk.start_tls(taking_door.office, NEIGHBOUR)
        talk.say("EHLO north.example")
        replies = []
        for sender, headers in ((SENDER, b"Passbook-Sender: unproven\r\n"), (SENDER, b""), (own, b"")):
            talk.envelope(sender, WINDOW).write(headers + by_hand + TEXT + sender.encode() + headers + END)
            replies.append(talk.reply()[:3])
    assert replies == ["250"] * 3
    owners = [str(job["requester"]) for job in jobs_of(taking_door.office)]
    assert sorted(owners) == [f"mail:{SENDER}", f"mail:{own}", f"unproven:{SENDER}"]


# Stores that take nothing


def still(open_office: OpenOffice, address: str, **settings: Any) -> Door:
    office = open_office(mail_settings(address), own_key_jobs=True, **settings)
    office.hands.cut(Target.PRINTER, Now())
    return Door(office, address)


def test_a_full_disk_is_temporary(open_office: OpenOffice) -> None:
    door = still(open_office, free_address(), program=PROGRAM)
    mark = door.office.world.folder / FULL
    mark.touch()
    reply = data_reply(door, TEXT)
    assert (reply[0], reply.split()[1][0]) == ("4", "4"), reply
    assert door.office.told("jobs") == []
    mark.unlink()
    door.office.world.kill_appliance()
    door.office.world.start_appliance()
    assert data_reply(door, TEXT)[:3] == "250"


def test_no_250_leaves_before_a_sync_that_fails(open_office: OpenOffice) -> None:
    """P1; the same mail is told the same until a start says which."""
    door = still(open_office, free_address(), program=PROGRAM)
    name = b"Message-ID: <doubt@bank.example>\r\n"
    with DiskHold(door.office.world.folder) as disk, door.talk() as talk:
        disk.hold()
        talk.envelope(SENDER, WINDOW).write(name + TEXT + END)
        disk.await_held()
        disk.fail()
        reply = talk.reply()
        assert (code(reply), "outcome-unknown" in reply) == ("451 4.3.0", True)
        talk.envelope(SENDER, WINDOW).write(name + TEXT + END)
        assert code(talk.reply()) == "451 4.3.0"
    door.office.world.kill_appliance()
    door.office.world.start_appliance()
    for _ in range(2):
        assert data_reply(door, name + TEXT)[:3] == "250"
    assert len(door.office.told("jobs")) == 1


def test_areas_that_are_full_are_temporary_and_others_are_served(open_office: OpenOffice) -> None:
    """What fills them are mails for a next hop that is away."""
    address, far = free_address(), f"far@{DOMAIN}"
    hop = f'[[hop]]\nname = "far"\naddress = "{free_address()}"\ntls = "none"\n'
    route = f'[[route]]\nto = ["{far}"]\nhop = "far"\nnetworks = ["127.0.0.0/8"]\n'
    limits = '[limits]\nbytes_per_terminal = "1 GiB"\n'
    office = open_office(mail_settings(address) + hop + route + limits, "27 MiB", own_key_jobs=True)
    door = Door(office, address)
    large = TEXT + (b"x" * 60 + b"\r\n") * 16_000

    def reply(number: int) -> str:
        with door.talk() as talk:
            talk.envelope(SENDER, far).write(b"Message-ID: <%d@a>\r\n" % number + large + END)
            return talk.reply()

    refused = next(one for one in map(reply, range(100)) if not one.startswith("250"))
    assert code(refused) == "452 4.3.1"
    door.serves_others()
    assert reply(0).startswith("250"), "a mail that was taken is known"
