"""R1: any application's print on a terminal: `lp`, Debian's cupsd and the backend bring it to the appliance's paper."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest

from bench import cups
from demo.mail_servers import free_address
from demo.world import await_fact
from drivers.simulator.faults import Now, Target
from tests.house import ROOT
from tests.needed import need
from tests.scenarios.books import judge
from tests.scenarios.clerk import BookClerk
from tests.scenarios.conftest import OpenOffice
from tests.scenarios.mail_office import WINDOW, ends_of, jobs_of, mail_settings
from tests.scenarios.office import Office

BACKEND = ROOT / "deploy" / "cups" / "passbook-mail"
SERVER_BIN = Path("/usr/lib/cups")
QUEUE = "passbook"
SHEET = "sheet-1"
TEXT = "Closing time is 16:00.\n\nGrüße\n"
LINES = {(1, 1): "Closing time is 16:00.", (1, 3): "Grüße"}
POSTSCRIPT = b"%!PS-Adobe-3.0\n/Helvetica 12 selectfont 72 720 moveto (Page one) show showpage\n"


class PrintServer:
    """A cupsd with one queue to the appliance, as the terminal's CUPS."""

    def __init__(self, port: int, log: Path) -> None:
        self._log = log
        self._at = ("-h", f"127.0.0.1:{port}")
        self._run("lpadmin", "-p", QUEUE, "-E", "-v", f"passbook-mail://{WINDOW}", "-m", "raw")

    def lp(self, file: Path, *options: str) -> None:
        self._run("lp", "-d", QUEUE, *options, str(file))

    @property
    def kept(self) -> list[str]:
        """The jobs that CUPS still has to send."""
        return self._run("lpstat", "-W", "not-completed", "-o").splitlines()

    def said(self) -> str:
        """The log of cupsd with the sentences of the backend."""
        return self._log.read_text()

    def _run(self, program: str, *words: str) -> str:
        command = [program, *self._at, *words]
        return subprocess.run(command, capture_output=True, text=True, timeout=60, check=True).stdout


@pytest.fixture
def office(open_office: OpenOffice) -> Office:
    """An office whose terminal counter-1 knows the mail door."""
    address = free_address()
    office = open_office(mail_settings(address, networks=()), own_key_jobs=True)
    settings = office.counter.home / "terminal.toml"
    settings.write_text(settings.read_text() + f'[mail]\nserver = "{address}"\n')
    return office


@pytest.fixture
def print_server(office: Office) -> Iterator[PrintServer]:
    if os.geteuid() != 0:
        pytest.skip("this machine lets only root start cupsd")
    need("cupsd", "lp", "lpadmin", "ps2pdf")
    with TemporaryDirectory(prefix="pb-cups-") as name:
        folder = Path(name)
        programs = folder / "programs"
        (programs / "backend").mkdir(parents=True)
        for one in SERVER_BIN.iterdir():
            if one.name != "backend":
                (programs / one.name).symlink_to(one)
        # So it runs as root, which the folder of this terminal belongs to; an installed one belongs to lp.
        shutil.copy(BACKEND, programs / "backend")
        (programs / "backend" / BACKEND.name).chmod(0o700)
        files = (
            f"ServerBin {programs}\nSetEnv PASSBOOK_HOME {office.counter.home}\n"
            f"SetEnv PASSBOOK_TELLER {Path(sys.executable).parent / 'teller'}\n"
        )
        retry = "JobRetryInterval 1\nJobRetryLimit 0\n"
        with cups.running(folder / "cups", files, retry) as (port, _):
            yield PrintServer(port, folder / "cups" / "error")


@pytest.fixture
def text(tmp_path: Path) -> Path:
    file = tmp_path / "notice.txt"
    file.write_text(TEXT)
    return file


@pytest.mark.long
def test_a_text_that_lp_sends_comes_out_on_paper(office: Office, print_server: PrintServer, text: Path) -> None:
    with BookClerk(office.manager, office.hands, lambda _job: SHEET, "sheet"):
        print_server.lp(text, "-t", "Notice for today")
        await_fact(lambda: bool(ends_of(office)), print_server.said)
    judge(office.world.paper, SHEET, LINES)
    [end] = ends_of(office)
    assert (end["state"], end["requester"]) == ("completed", "counter-1")
    await_fact(lambda: print_server.kept == [], lambda: print_server.kept)


@pytest.mark.long
def test_a_job_waits_in_cups_while_the_appliance_is_away(office: Office, print_server: PrintServer, text: Path) -> None:
    office.hands.cut(Target.PRINTER, Now())
    office.world.stop_appliance()
    print_server.lp(text, "-n", "2")
    await_fact(lambda: "[mail-server-unreachable]" in print_server.said(), print_server.said)
    assert len(print_server.kept) == 1
    office.world.start_appliance()
    await_fact(lambda: print_server.kept == [], lambda: print_server.kept)
    assert len(jobs_of(office)) == 2


def test_postscript_becomes_pdf_and_a_refused_job_is_canceled_with_the_reason(
    office: Office, print_server: PrintServer, tmp_path: Path
) -> None:
    file = tmp_path / "page.ps"
    file.write_bytes(POSTSCRIPT)
    print_server.lp(file)
    await_fact(lambda: "[mail-refused]" in print_server.said(), print_server.said)
    assert "of format pdf" in print_server.said()
    await_fact(lambda: print_server.kept == [], lambda: print_server.kept)
    assert jobs_of(office) == []
