"""R1: `teller mail` at a real appliance: the terminal proves itself, and the document comes out on paper."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest

from demo.mail_servers import Postfix, free_address, why_no_postfix
from demo.world import PROJECT, Terminal, await_fact
from drivers.simulator.faults import Now, Target
from passbook.errors.kinds import EXIT_CODES, Mender
from terminal.home import Home
from tests.scenarios.books import Statement, judge
from tests.scenarios.clerk import BookClerk
from tests.scenarios.conftest import OpenOffice
from tests.scenarios.mail_office import DOMAIN, WINDOW, ends_of, jobs_of, mail_settings
from tests.scenarios.office import Office, book_of

REFUSED = EXIT_CODES[Mender.CALLER]


@pytest.fixture
def mail_office(open_office: OpenOffice) -> tuple[Office, str]:
    """An office whose mail door lets no network in, and the door's address."""
    address = free_address()
    return open_office(mail_settings(address, networks=()), own_key_jobs=True), address


def send(terminal: Terminal, *words: str | Path) -> subprocess.CompletedProcess[str]:
    """`teller mail` to its end."""
    command = terminal.command("mail", *map(str, words))
    return subprocess.run(command, cwd=PROJECT, capture_output=True, text=True, timeout=90, check=False)


def told(ended: subprocess.CompletedProcess[str]) -> list[dict[str, str]]:
    """The recipients that were taken."""
    lines = [json.loads(line) for line in ended.stdout.splitlines()]
    return [line["payload"] for line in lines if line["event"] == "taken"]


@pytest.mark.long
def test_a_terminal_sends_an_update_with_its_certificate_and_it_is_printed(mail_office: tuple[Office, str]) -> None:
    office, address = mail_office
    statement = Statement(710, 3)
    file = statement.save(office.world.folder)
    with BookClerk(office.manager, office.hands, lambda _view: book_of(statement)):
        ended = send(office.counter, file, "--to", WINDOW, "--server", address, "--subject", "For you")
        assert (ended.returncode, [one["address"] for one in told(ended)]) == (0, [WINDOW]), ended.stderr
        await_fact(lambda: bool(ends_of(office)), lambda: ends_of(office))
    [end] = ends_of(office)
    assert (end["state"], end["requester"]) == ("completed", "counter-1")
    judge(office.world.paper, book_of(statement), statement.expected())


@pytest.mark.long
def test_the_same_command_again_is_the_same_job(mail_office: tuple[Office, str]) -> None:
    office, address = mail_office
    office.hands.cut(Target.PRINTER, Now())
    settings = office.counter.home / "terminal.toml"
    settings.write_text(settings.read_text() + f'[mail]\nserver = "{address}"\n')
    file = Statement(711, 3).save(office.world.folder)
    first = send(office.counter, file, "--to", WINDOW)
    message_id = json.loads(first.stdout.splitlines()[0])["payload"]["messageId"]
    again = send(office.counter, file, "--to", WINDOW, WINDOW.upper(), "--message-id", message_id)
    assert (first.returncode, again.returncode) == (0, 0), first.stderr + again.stderr
    assert len(jobs_of(office)) == 1
    assert told(again)[0]["answer"] == told(first)[0]["answer"]
    other = send(
        office.counter, Statement(712, 3).save(office.world.folder), "--to", WINDOW, "--message-id", message_id
    )
    assert (other.returncode, told(other)) == (REFUSED, [])
    assert "request-reused" in json.loads(other.stderr)["errorDescription"]
    assert len(jobs_of(office)) == 1


def test_each_recipient_has_its_own_answer(mail_office: tuple[Office, str]) -> None:
    office, address = mail_office
    office.hands.cut(Target.PRINTER, Now())
    file = Statement(713, 3).save(office.world.folder)
    ended = send(office.counter, file, "--to", f"nowhere@{DOMAIN}", WINDOW, "--server", address)
    assert (ended.returncode, [one["address"] for one in told(ended)]) == (REFUSED, [WINDOW])
    refused = json.loads(ended.stderr)
    assert (refused["errorCode"], refused["errorFacts"]["address"]) == ("mail-refused", f"nowhere@{DOMAIN}")
    assert "mail-recipient-unknown" in refused["errorFacts"]["words"]
    assert len(jobs_of(office)) == 1


@pytest.mark.long
def test_a_mail_server_of_this_machine_brings_it_to_the_appliance(open_office: OpenOffice) -> None:
    if why := why_no_postfix():
        pytest.skip(why)
    door = free_address()
    office = open_office(mail_settings(door, networks=()), own_key_jobs=True)
    relay = Home(office.manager.home)
    statement = Statement(716, 3)
    file = statement.save(office.world.folder)
    with TemporaryDirectory(prefix="pb-") as name:
        # The user of postfix reads there.
        folder = Path(name)
        folder.chmod(0o755)
        with Postfix(folder / "postfix", {DOMAIN: door}, certificate=relay.certificate, key=relay.key) as postfix:
            with BookClerk(office.manager, office.hands, lambda _view: book_of(statement)):
                words = ("--to", WINDOW, "--server", postfix.address, "--plain")
                for _ in range(2):
                    ended = send(office.counter, file, *words, "--message-id", "job-7@bank.example")
                    assert ended.returncode == 0, ended.stderr
                await_fact(lambda: bool(ends_of(office)), lambda: postfix.log)
            await_fact(lambda: postfix.log.count("status=sent") == 2, lambda: postfix.log)
    assert [end["state"] for end in ends_of(office)] == ["completed"]
    assert jobs_of(office) == []
    judge(office.world.paper, book_of(statement), statement.expected())


def test_pdf_pages_are_refused_where_the_printer_prints_no_pictures(
    mail_office: tuple[Office, str], tmp_path: Path
) -> None:
    office, address = mail_office
    file = tmp_path / "page.pdf"
    file.write_bytes(b"%PDF-1.7\n%%EOF\n")
    ended = send(office.counter, file, "--to", WINDOW, "--server", address)
    assert (ended.returncode, jobs_of(office)) == (REFUSED, [])
    assert "no-graphics" in json.loads(ended.stderr)["errorFacts"]["words"]


def test_a_terminal_may_prove_itself_by_a_password(open_office: OpenOffice, tmp_path: Path) -> None:
    address = free_address()
    secrets = tmp_path / "passwords"
    secrets.touch(mode=0o600)
    secrets.write_text("counter-1:open sesame, please\n")
    settings = mail_settings(address, networks=(), more=f'passwords = "{secrets}"\n')
    office = open_office(settings, own_key_jobs=True)
    office.hands.cut(Target.PRINTER, Now())
    file = Statement(714, 3).save(office.world.folder)
    password = tmp_path / "password"
    password.touch(mode=0o600)
    options = ("--to", WINDOW, "--server", address, "--user", "counter-1", "--password-file", password)
    password.write_text("close sesame\n")
    wrong = send(office.counter, file, *options)
    assert json.loads(wrong.stderr)["errorCode"] == "mail-login-refused"
    password.write_text("open sesame, please\n")
    right = send(office.counter, file, *options)
    assert (right.returncode, len(jobs_of(office))) == (0, 1), right.stderr
    assert "sesame" not in wrong.stderr + right.stdout


def test_an_appliance_of_another_name_gets_nothing(mail_office: tuple[Office, str]) -> None:
    office, address = mail_office
    file = Statement(715, 3).save(office.world.folder)
    ended = send(office.counter, file, "--to", WINDOW, "--server", address, "--server-name", "other.example")
    assert json.loads(ended.stderr)["errorCode"] == "mail-server-not-trusted"
    assert jobs_of(office) == []
