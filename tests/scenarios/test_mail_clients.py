"""R1: mail programs that are no part of this project send mail to an appliance, each in its own way."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from typing import Final

import pytest

from demo.mail_servers import free_address
from demo.world import World
from drivers.simulator.faults import Now, Target
from terminal.home import Home
from tests.needed import need
from tests.scenarios.books import Statement
from tests.scenarios.conftest import an_office
from tests.scenarios.mail_office import DOMAIN, SENDER, WINDOW, connect, mail_settings, update_mail
from tests.scenarios.office import Office

PHRASE: Final = "only for mail of counter-1"
CLOSED: Final = f"closed@{DOMAIN}"
"""Only senders with a proof may write to it."""
COMMAND_TIME: Final = 60.0


class Place:
    """An office with a mail door whose mechanism has no power, and the address of the door."""

    def __init__(self, office: Office, address: str) -> None:
        self.office = office
        self.host, _, self.port = address.rpartition(":")
        self.address = address
        self.home = Home(office.counter.home)

    def run(self, *command: str, text: str = "") -> str:
        """Run a mail program; it must say that its mail was taken."""
        need(command[0])
        done = subprocess.run(
            command, input=text, capture_output=True, text=True, timeout=COMMAND_TIME, check=False, errors="replace"
        )
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout + done.stderr

    def jobs(self) -> list[dict[str, object]]:
        """The unfinished jobs with their mails, as operators see them."""
        found: list[dict[str, object]] = self.office.told("jobs")
        return found


@pytest.fixture
def place(furnished: World) -> Iterator[Place]:
    address = free_address()
    passwords = furnished.config_file.parent / "mail-passwords"
    passwords.write_text(f"counter-1:{PHRASE}\n")
    passwords.chmod(0o600)
    more = f'passwords = "{passwords}"\n'
    route = f'[[route]]\nto = ["{CLOSED}"]\nprinter = "window-1"\n'
    with an_office(furnished, mail_settings(address, more=more) + route, own_key_jobs=True) as office:
        office.hands.cut(Target.PRINTER, Now())
        yield Place(office, address)


def swaks(place: Place, to: str, *options: str) -> str:
    statement = Statement(730, 3).save(place.office.world.folder)
    attached = ("--attach-type", "application/vnd.passbook-update+csv", "--attach", f"@{statement}")
    server = ("--server", place.host, "--port", place.port, "--helo", "client.example")
    return place.run("swaks", *server, "--from", SENDER, "--to", to, *attached, *options)


def test_swaks_sends_from_a_network_of_the_route(place: Place) -> None:
    assert "250 2.0.0 On disk" in swaks(place, WINDOW)
    assert len(place.jobs()) == 1


def test_swaks_proves_itself_by_a_password_under_tls(place: Place) -> None:
    login = ("--auth", "PLAIN", "--auth-user", "counter-1", "--auth-password", PHRASE)
    assert "250 2.0.0 On disk" in swaks(place, CLOSED, "--tls", *login)
    assert len(place.jobs()) == 1


def test_swaks_proves_itself_by_a_client_certificate(place: Place) -> None:
    own = ("--tls-cert", str(place.home.certificate), "--tls-key", str(place.home.key))
    assert "250 2.0.0 On disk" in swaks(place, CLOSED, "--tls", *own)
    assert len(place.jobs()) == 1


@pytest.mark.long
@pytest.mark.parametrize("proof", ["password", "certificate"])
def test_msmtp_sends_what_it_reads(place: Place, proof: str) -> None:
    secret = place.office.world.folder / "password"
    secret.write_text(PHRASE)
    proofs = {
        "password": ("--auth=plain", "--user=counter-1", f"--passwordeval=cat {secret}"),
        "certificate": (f"--tls-cert-file={place.home.certificate}", f"--tls-key-file={place.home.key}", "--auth=off"),
    }
    server = (f"--host={place.host}", f"--port={place.port}", "--domain=client.example", f"--from={SENDER}")
    tls = ("--tls=on", f"--tls-trust-file={place.home.ca}", "--tls-host-override=demo-appliance")
    mail = update_mail(Statement(731, 3), "<msmtp@bank.example>").as_string()
    place.run("msmtp", "--file=/dev/null", *server, *tls, *proofs[proof], "--", CLOSED, text=mail)
    assert len(place.jobs()) == 1


def test_smtp_source_sends_many_mails_over_several_connections(place: Place) -> None:
    """Each has a Message-ID of its own."""
    place.run("smtp-source", "-s", "4", "-m", "20", "-f", SENDER, "-t", WINDOW, "-S", "many", place.address)
    assert len(place.jobs()) == 20


def test_smtplib_names_options_of_notifications(place: Place) -> None:
    options = ["NOTIFY=SUCCESS,FAILURE", f"ORCPT=rfc822;{WINDOW}"]
    with connect(place.address, place.office.counter) as client:
        mail = update_mail(Statement(732, 3))
        assert client.send_message(mail, SENDER, [CLOSED], ["ENVID=abc", "RET=HDRS", "BODY=8BITMIME"], options) == {}
        assert client.send_message(mail, SENDER, [CLOSED], ["ENVID=abc", "RET=HDRS"], options) == {}
    assert len(place.jobs()) == 1, "without a Message-ID its content names it"
