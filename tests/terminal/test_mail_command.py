"""`teller mail` against mail servers that answer from a script."""

from __future__ import annotations

import json
import re
import shutil
import signal
import socket
import ssl
import stat
import subprocess
import sys
import tomllib
from collections.abc import Callable
from email.message import EmailMessage
from pathlib import Path
from typing import Any, NamedTuple

import msgspec
import pytest
import trustme
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, AuthResult, Envelope, LoginPassword

from demo.world import free_port
from passbook.errors.kinds import EXIT_CODES, INTERRUPTED, Mender
from passbook.mail.message_reading import MailMessage, read_message
from terminal.__main__ import main
from terminal.home import Home, MailSettings
from tests.house import ROOT
from tests.terminal.conftest import Branch
from tests.terminal.fake_mail_server import GREETING, HANGS_UP, SILENT, FakeMailServer

CALLER, LATER, OPERATOR = (EXIT_CODES[one] for one in (Mender.CALLER, Mender.NONE, Mender.OPERATOR))
TO = "window-1@branch.example"
ELSEWHERE = "192.0.2.1"
"""An address for documentation (RFC 5737)."""


class Run(NamedTuple):
    """How one run ended, and the JSON values that it wrote."""

    code: int
    out: list[dict[str, Any]]
    err: list[dict[str, Any]]

    @property
    def errors(self) -> list[str]:
        return [one["errorCode"] for one in self.err]


Mail = Callable[..., Run]


class Mailbox:
    """What a mail server with the passwords of its users was given."""

    def __init__(self) -> None:
        self.messages: list[bytes] = []

    def judge(self, _server: SMTP, _session: object, _envelope: object, _mechanism: str, login: object) -> AuthResult:
        return AuthResult(success=login == LoginPassword(b"till", b"open sesame"), handled=False)

    async def handle_DATA(self, _server: SMTP, _session: object, envelope: Envelope) -> str:  # noqa: N802
        assert isinstance(envelope.content, bytes)
        self.messages.append(envelope.content)
        return "250 taken"


@pytest.fixture
def home(branch: Branch, tmp_path: Path) -> Home:
    """A terminal that is enrolled, with a folder of its own."""
    shutil.copytree(branch.terminal("teller-1").folder, tmp_path / "home")
    return Home(tmp_path / "home")


@pytest.fixture
def mail(home: Home, capsys: pytest.CaptureFixture[str]) -> Mail:
    """`teller mail --json` with these words."""

    def run(*words: str | Path) -> Run:
        try:
            code = main(["mail", *map(str, words), "--json", "--home", str(home.folder)])
        except SystemExit as end:
            assert isinstance(end.code, int)
            said = capsys.readouterr()
            return Run(end.code, [], [{"errorCode": said.err.splitlines()[-1]}])
        said = capsys.readouterr()
        return Run(code, *([json.loads(line) for line in text.splitlines()] for text in said))

    return run


@pytest.fixture
def note(tmp_path: Path) -> Path:
    file = tmp_path / "note.txt"
    file.write_text("Closing time is 16:00.\n.\nGrüße\n")
    return file


def only(server: FakeMailServer) -> MailMessage:
    [message] = server.messages
    return read_message(message)


def test_an_appliance_reads_what_was_typed(mail: Mail, note: Path) -> None:
    with FakeMailServer().serving() as server:
        ended = mail(
            note, "--to", TO, TO, "b@c.example", "--server", server.address, "--plain", "--subject", "Für\nDich"
        )
    assert (ended.code, ended.errors) == (0, [])
    message = only(server)
    assert (message.subject, message.author) == ("Für Dich", f"teller-1@{GREETING}")
    [part] = message.parts
    assert (part.format, part.title, part.document) == ("text", "note.txt", note.read_bytes())
    [told, *taken] = ended.out
    assert message.message_id == f"<{told['payload']['messageId']}>"
    assert [one["payload"] for one in taken] == [
        {"address": TO, "answer": "250 taken"},
        {"address": "b@c.example", "answer": "250 taken"},
    ]
    assert [one for one in server.heard if one.startswith("RCPT")] == [f"RCPT TO:<{TO}>", "RCPT TO:<b@c.example>"]


UPDATE = (
    "# layout: savings-24\n# account: 1\n# currency: EUR\n# start: page 1 line 1\n"
    "date,text,withdrawal,deposit,balance\n2026-03-02,Rent,1.00,,2.00\n"
)
ENTRY = {"date": "2026-03-02", "text": "Rent", "withdrawal": "1.00", "balance": "2.00"}
SAME = {"layout": "savings-24", "account": "1", "currency": "EUR", "start": {"page": 1, "line": 1}, "entries": [ENTRY]}


@pytest.mark.parametrize(
    ("name", "typed", "form", "content"),
    [
        ("a.csv", (), "passbook-update+csv", UPDATE),
        ("a.json", (), "passbook-update+json", json.dumps(SAME)),
        ("a", ("--format", "text"), "text", "A line.\n"),
    ],
)
def test_the_type_of_the_part_names_the_format(
    mail: Mail, tmp_path: Path, name: str, typed: tuple[str, ...], form: str, content: str
) -> None:
    file = tmp_path / name
    file.write_text(content)
    with FakeMailServer().serving() as server:
        ended = mail(file, "--to", TO, "--server", server.address, "--plain", *typed)
    assert ended.errors == []
    assert [(part.format, part.document) for part in only(server).parts] == [(form, file.read_bytes())]


CASES = ROOT / "tests" / "cases" / "documents"
GERMAN = CASES / "20-semicolon-german-excel.csv"


def test_a_file_of_another_program_is_sent_so_that_no_appliance_needs_its_import_profile(mail: Mail) -> None:
    with FakeMailServer().serving() as server:
        ended = mail(GERMAN, "--import", "german-excel", "--to", TO, "--server", server.address, "--plain")
    assert ended.errors == []
    [part] = only(server).parts
    assert (part.format, part.title) == ("passbook-update+json", "20-semicolon-german-excel.json")
    sent = json.loads(part.document)
    assert (sent["layout"], sent["account"], sent["currency"]) == ("savings-24", "001-22-334455", "EUR")
    # As the file has it: 05.01.2026, 2500,00 and 3100,00.
    written = {name: value for name, value in sent["entries"][0].items() if value}
    assert written == {"date": "2026-01-05", "text": "Gehalt", "deposit": "2500.00", "balance": "3100.00"}
    assert sent["start"] == {"page": 1, "line": 1}


@pytest.mark.parametrize(
    ("name", "code"), [("no-such", "unknown-import"), ("norwegian-bank", "document-malformed"), ("", "two-readings")]
)
def test_a_file_that_its_import_profile_does_not_fit_is_not_sent(mail: Mail, name: str, code: str) -> None:
    server = FakeMailServer()
    with server.serving():
        ended = mail(GERMAN, *(("--import", name) if name else ()), "--to", TO, "--server", server.address, "--plain")
    assert server.messages == []
    assert ended.errors == [code]


def test_an_import_profile_reads_no_other_format(mail: Mail, note: Path) -> None:
    ended = mail(note, "--import", "plain", "--to", TO, "--server", "127.0.0.1:25", "--plain")
    assert (ended.code, "--import goes with a CSV file" in ended.errors[0]) == (CALLER, True)


@pytest.mark.parametrize(
    ("replies", "code", "error"),
    [
        ({"MAIL": "550 5.7.1 not you"}, CALLER, "mail-refused"),
        ({"MAIL": "451 4.3.0 locked"}, LATER, "mail-postponed"),
        ({"RCPT": "550 5.1.1 nobody"}, CALLER, "mail-refused"),
        ({"RCPT": "450 4.2.0 busy"}, LATER, "mail-postponed"),
        ({"DATA": "554 no"}, CALLER, "mail-refused"),
        ({"message": "554 5.6.1 no"}, CALLER, "mail-refused"),
        ({"message": "452 4.3.1 full"}, LATER, "mail-postponed"),
        ({"message": HANGS_UP}, LATER, "mail-outcome-unknown"),
        ({"MAIL": HANGS_UP}, OPERATOR, "mail-server-unreachable"),
        ({"greeting": "554 go away"}, OPERATOR, "mail-server-unreachable"),
        ({"EHLO": "502 what"}, OPERATOR, "mail-server-unreachable"),
        ({"EHLO": "250 no_domain_of_mail!"}, CALLER, "mail-address"),
    ],
)
def test_a_failure_is_one_sentence_with_its_code(
    mail: Mail, note: Path, replies: dict[str, str], code: int, error: str
) -> None:
    with FakeMailServer(replies).serving() as server:
        ended = mail(note, "--to", TO, "--server", server.address, "--plain", "--message-id", "<job-7@bank.example>")
    assert (ended.code, ended.errors) == (code, [error])
    [told] = ended.err
    assert ended.code != LATER or "--message-id job-7@bank.example" in told["errorDescription"]
    assert [one for one in ended.out if one["event"] == "taken"] == []


@pytest.mark.slow
def test_ctrl_c_ends_the_command_and_says_how_to_send_the_same_mail_again(home: Home, note: Path) -> None:
    with FakeMailServer({"MAIL": SILENT}).serving() as server:
        options = ["--to", TO, "--server", server.address, "--plain", "--home", str(home.folder)]
        command = [sys.executable, "-m", "terminal", "mail", str(note), *options]
        with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
            assert server.is_silent.wait(60)
            process.send_signal(signal.SIGINT)
            out, err = process.communicate(timeout=60)
    assert (process.returncode, err) == (INTERRUPTED, "")
    assert re.search(rf"  teller mail {re.escape(str(note))} .* --message-id [0-9a-f]{{32}}@branch.example\n", out)


def test_a_mail_server_of_another_authority_hears_user_and_password(mail: Mail, note: Path, tmp_path: Path) -> None:
    authority = trustme.CA()
    (tmp_path / "authority.pem").write_bytes(authority.cert_pem.bytes())
    password = tmp_path / "password"
    password.touch(mode=0o600)
    password.write_text("open sesame\n")
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("localhost").configure_cert(context)
    heard = Mailbox()
    port = free_port()
    controller = Controller(
        heard,
        "127.0.0.1",
        port,
        tls_context=context,
        require_starttls=True,
        auth_required=True,
        authenticator=heard.judge,
    )
    controller.start()
    try:
        proof = ("--ca", tmp_path / "authority.pem", "--user", "till", "--password-file", password)
        there = ("--to", TO, "--server", f"localhost:{port}")
        assert mail(note, *there, *proof).errors == []
        # The name that was dialed is the one that the certificate must have.
        assert mail(note, "--to", TO, "--server", f"127.0.0.1:{port}", *proof).errors == ["mail-server-not-trusted"]
        assert mail(note, *there).errors == ["mail-server-not-trusted"]
        password.write_text("close sesame\n")
        assert mail(note, *there, *proof).errors == ["mail-login-refused"]
    finally:
        controller.stop()
    assert [read_message(one).parts[0].document for one in heard.messages] == [note.read_bytes()]


def test_each_recipient_has_its_own_answer_and_the_gravest_one_decides(mail: Mail, note: Path) -> None:
    replies = {"RCPT TO:<a@x.example>": "450 4.2.0 busy", "RCPT TO:<b@x.example>": "550 5.1.1 nobody"}
    with FakeMailServer(replies).serving() as server:
        options = ("--server", server.address, "--plain")
        ended = mail(note, "--to", "a@x.example", "b@x.example", TO, *options)
        later = mail(note, "--to", "a@x.example", TO, *options)
    assert (ended.code, ended.errors) == (CALLER, ["mail-postponed", "mail-refused"])
    assert (later.code, later.errors) == (LATER, ["mail-postponed"])
    assert [one["payload"]["address"] for one in ended.out if one["event"] == "taken"] == [TO]


def test_a_server_that_is_not_there(mail: Mail, note: Path) -> None:
    server = FakeMailServer()
    with server.serving():
        pass
    ended = mail(note, "--to", TO, "--server", server.address, "--plain")
    assert (ended.code, ended.errors) == (OPERATOR, ["mail-server-unreachable"])


@pytest.mark.parametrize(
    ("name", "content", "error"),
    [
        ("a.txt", b"\xff", "document-malformed"),
        ("a.txt", b"\n", "document-empty"),
        ("a.csv", b"no update", "document-malformed"),
        ("a.doc", b"x", "format-not-given"),
        ("none.txt", None, "file-problem"),
    ],
)
def test_a_document_that_cannot_be_printed_is_not_sent(
    mail: Mail, tmp_path: Path, name: str, content: bytes | None, error: str
) -> None:
    if content is not None:
        (tmp_path / name).write_bytes(content)
    with FakeMailServer().serving() as server:
        ended = mail(tmp_path / name, "--to", TO, "--server", server.address, "--plain")
    assert (ended.errors, server.heard) == ([error], [])


def test_a_server_without_tls_gets_nothing(mail: Mail, note: Path) -> None:
    with FakeMailServer().serving() as server:
        ended = mail(note, "--to", TO, "--server", server.address)
    assert (ended.code, ended.errors) == (OPERATOR, ["mail-server-unfit"])
    assert {one.split()[0] for one in server.heard} <= {"EHLO"}


def test_a_server_of_another_machine_gets_nothing_in_clear(mail: Mail, note: Path) -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        try:
            probe.connect((ELSEWHERE, 9))
        except OSError:
            pytest.skip("this machine has no address but those of the loopback")
        own = probe.getsockname()[0]
    with FakeMailServer(host=own).serving() as server:
        ended = mail(note, "--to", TO, "--server", server.address, "--plain")
    assert (ended.code, ended.errors, server.heard) == (CALLER, ["mail-unprotected"], [])


def test_the_mail_server_stands_in_the_settings_of_the_terminal(mail: Mail, note: Path, home: Home) -> None:
    with FakeMailServer().serving() as server:
        settings = f'[mail]\nserver = "{server.address}"\nplain = true\nfrom = "anna@bank.example"\n'
        home.settings.write_text(home.settings.read_text() + settings)
        assert mail(note, "--to", TO).errors == []
        # Enrolling anew writes the file anew.
        home.save_address(home.address())
        assert mail(note, "--to", TO, "--from", "bert@bank.example").errors == []
    assert [read_message(one).author for one in server.messages] == ["anna@bank.example", "bert@bank.example"]


def test_a_server_that_was_typed_gets_nothing_of_another_one(mail: Mail, note: Path, home: Home) -> None:
    settings = '[mail]\nserver = "mail.example:25"\nuser = "u"\npassword_file = "secret"\nca = "x"\n'
    home.settings.write_text(home.settings.read_text() + settings)
    with FakeMailServer().serving() as server:
        ended = mail(note, "--to", TO, "--server", server.address, "--plain")
    assert ended.errors == []
    assert not any(one.startswith("AUTH") for one in server.heard)


def test_the_page_for_tellers_has_every_setting() -> None:
    page = (ROOT / "docs" / "teller.md").read_text("utf-8")
    [shown] = re.findall(r"```toml\n\[mail\]\n(.*?)```", page, re.DOTALL)
    fields = msgspec.structs.fields(MailSettings)
    assert list(tomllib.loads(shown)) == [field.encode_name for field in fields]


def test_a_wrong_setting_is_named(mail: Mail, note: Path, home: Home) -> None:
    home.settings.write_text(home.settings.read_text() + "[mail]\nmoon = 1\n")
    [told] = mail(note, "--to", TO).err
    assert told["errorCode"] == "file-problem"
    assert "moon" in told["errorDescription"]


def test_a_password_that_others_can_read_is_not_used(mail: Mail, note: Path, home: Home) -> None:
    (home.folder / "secret").write_text("open sesame\n")
    (home.folder / "secret").chmod(0o644)
    settings = '[mail]\nserver = "127.0.0.1:9"\nuser = "u"\npassword_file = "secret"\n'
    home.settings.write_text(home.settings.read_text() + settings)
    ended = mail(note, "--to", TO)
    assert (ended.errors, "0600" in ended.err[0]["errorDescription"]) == (["file-problem"], True)


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ((), "give --to, or --extract"),
        (("--to", TO), "give --server HOST:PORT, or write server under [mail] into"),
        (("--to", TO, "--server", "mail.example"), "give the mail server as HOST:PORT"),
        (("--to", TO, "--server", "a:25", "--user", "u"), "give --user and --password-file together"),
        (("--to", TO, "--server", "a:25", "--plain", "--ca", "x"), "without TLS"),
        (("--to", TO, "--out", "x"), "give --out with --extract only"),
        (("--extract",), "give --out DIR with --extract"),
        (("--to", TO, "--message-id", "a b"), "argument --message-id: expected a name as job-7@bank.example"),
    ],
)
def test_words_that_do_not_go_together(mail: Mail, note: Path, words: tuple[str, ...], said: str) -> None:
    ended = mail(note, *words)
    assert ended.code == CALLER
    assert said in ended.errors[0]


def test_a_wrong_address_is_named(mail: Mail, note: Path) -> None:
    assert mail(note, "--to", "window", "--server", "127.0.0.1:9").errors == ["mail-address"]


def mailed(*parts: tuple[str, str, bytes]) -> EmailMessage:
    """A mail with a cover note and these parts: MIME type, file name, content."""
    mail = EmailMessage()
    mail.set_content("Please print.\n")
    for kind, name, content in parts:
        main_type, _, subtype = kind.partition("/")
        mail.add_attachment(content, main_type, subtype, filename=name)
    return mail


def test_documents_are_taken_out_of_a_mail(mail: Mail, tmp_path: Path) -> None:
    file, out = tmp_path / "mail.eml", tmp_path / "out"
    parts = [
        ("application/vnd.passbook-update+csv", "../../etc/März.csv", b"one\r\n"),
        ("text/csv", "..", b"two"),
        ("image/png", "logo.png", b"\x89PNG"),
    ]
    # With the line ends of this system, as mail programs keep it.
    file.write_bytes(mailed(*parts).as_bytes())
    ended = mail("--extract", file, "--out", out)
    assert ended.code == 0
    *documents, left = [one["payload"] for one in ended.out]
    assert [(one["part"], one["format"], one["bytes"]) for one in documents] == [
        (2, "passbook-update+csv", 5),
        (3, "passbook-update+csv", 3),
    ]
    assert left == {"parts": ["logo.png"]}
    assert {one.name: one.read_bytes() for one in out.iterdir()} == {"2-M-rz.csv": b"one\r\n", "3-part.csv": b"two"}
    assert {stat.S_IMODE(one.stat().st_mode) for one in out.iterdir()} == {0o600}


def test_a_file_that_is_there_is_not_overwritten(mail: Mail, tmp_path: Path) -> None:
    file, out = tmp_path / "mail.eml", tmp_path / "out"
    file.write_bytes(mailed(("text/csv", "a.csv", b"new"), ("text/csv", "b.csv", b"new")).as_bytes())
    out.mkdir()
    (out / "3-b.csv").write_bytes(b"old")
    ended = mail("--extract", file, "--out", out)
    assert (ended.code, ended.errors) == (CALLER, ["file-problem"])
    assert {one.name: one.read_bytes() for one in out.iterdir()} == {"3-b.csv": b"old"}


@pytest.mark.parametrize(
    ("content", "error"),
    [
        (mailed(("image/png", "a.png", b"x")).as_bytes(), "mail-empty"),
        (b"Content-Type: text/csv\nContent-Transfer-Encoding: base64\n\n&&&\n", "mail-part-damaged"),
        (b"a\0b", "mail-malformed"),
    ],
)
def test_a_mail_without_documents_is_named(mail: Mail, tmp_path: Path, content: bytes, error: str) -> None:
    file = tmp_path / "mail.eml"
    file.write_bytes(content)
    assert mail("--extract", file, "--out", tmp_path / "out").errors == [error]
    assert not (tmp_path / "out").exists()
