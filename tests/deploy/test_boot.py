"""deploy/README.md followed in a system that boots with a real systemd: how the service starts and ends there."""

from __future__ import annotations

import base64
import os
import re
import shutil
import time
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest

from tests.deploy.machine import PATIENCE, SHARED, Machine, boot
from tests.deploy.room import private
from tests.deploy.unit import UNIT
from tests.house import ROOT, project_files
from tests.needed import need
from tests.pdfs import pdf
from tests.scenarios.held_disk import PROGRAM, DiskHold

pytestmark = [pytest.mark.soak, pytest.mark.timeout(900)]

PAGE = (ROOT / "deploy" / "README.md").read_text("utf-8")
PROGRAMS, SYSTEM, KEYS, START = re.findall(r"```sh\n(.*?)```", PAGE, re.DOTALL)
PROJECT = "/srv/project"
SERVICE = UNIT.name
DROP_INS = f"/etc/systemd/system/{SERVICE}.d"

# $1: a copy of the project, $2: gets what was installed.  Debian's own Python, the only one that the other system has.
INSTALL = """
export PATH=/usr/sbin:/usr/bin
mkdir -p /opt
mount -t tmpfs tmpfs /opt
cd "$1"
{commands}
cp -a /opt/passbook/. "$2"
"""

# A teller's terminal beside the appliance, which sends a text and stays with it.
TELLER = """
umask 077
mkdir -p /srv/teller
cd /srv/teller
echo secret > passphrase
export PATH=/opt/passbook/bin:$PATH
options='--home home --passphrase-file passphrase'
there='--address 127.0.0.1:5846 --server-name branch-17'
teller $options enroll --name counter-1
passbookctl enroll home/request.pem --ca /media/authority --name counter-1 --out signed.pem
teller $options enroll --certificate signed.pem --ca /etc/passbook/ca.pem $there
teller $options keys new k1
echo 'a line' > text.txt
teller $options print text.txt --printer counter-1 --layout sheet >log 2>&1 </dev/null &
"""


# The same call as the appliance's, by the user of the appliance.
DRAW = """
from pathlib import Path

from passbook.document.rendered_pages import RenderRequest
from passbook.errors import PassbookError
from spooler.page_renderer import render_pages

request = RenderRequest(Path("/srv/page.pdf").read_bytes(), 360, 576, 30, 30, 4)
try:
    pages = render_pages(request, at=Path("/run/passbook-renderer.sock"))
    print([sum(byte.bit_count() for byte in page) for page in pages])
except PassbookError as error:
    print(error.code)
"""


@pytest.fixture(scope="module")
def folder() -> Iterator[Path]:
    """A short path, since sockets lie in it, and on a disk."""
    need("systemd-nspawn")
    if os.geteuid() != 0:
        pytest.skip("this machine lets only root boot a system")
    with TemporaryDirectory(prefix="pb-", dir="/var/tmp") as name:
        Path(name).chmod(0o755)
        yield Path(name)


@pytest.fixture(scope="module")
def machine(folder: Path) -> Iterator[Machine]:
    """A system in which the page was followed."""
    project, programs, shared = (folder / name for name in ("project", "passbook", "shared"))
    for path in project_files():
        (project / path).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(ROOT / path, project / path)
    programs.mkdir()
    shared.mkdir()
    private(INSTALL.format(commands=PROGRAMS), project, programs)
    with boot(shared, {"/opt/passbook": programs, PROJECT: project}) as machine:
        for block in (SYSTEM, KEYS, START):
            machine.run(f"cd {PROJECT}\n{block}")
        yield machine


def state(machine: Machine, *names: str) -> list[str]:
    """What systemd says of the service."""
    shown = machine.run(f"systemctl show {SERVICE} --property={','.join(names)}")
    values = dict(line.split("=", 1) for line in shown.splitlines())
    return [values[name] for name in names]


def await_state(machine: Machine, **wanted: str) -> None:
    deadline = time.monotonic() + PATIENCE
    while state(machine, *wanted) != list(wanted.values()):
        assert time.monotonic() < deadline, machine.run(f"systemctl status {SERVICE}; journalctl -u {SERVICE} -n 50")


def restarted(machine: Machine) -> int:
    return int(state(machine, "NRestarts")[0])


def signal_it(machine: Machine, name: str) -> None:
    [pid] = state(machine, "MainPID")
    machine.run(f"kill -{name} {pid}")


def drop_in(machine: Machine, text: str) -> None:
    """Start the service anew with other settings."""
    machine.run(f"mkdir -p {DROP_INS}\ncat > {DROP_INS}/test.conf <<'END'\n[Service]\n{text}END\n")
    machine.run(f"systemctl daemon-reload\nsystemctl restart {SERVICE}")


def test_the_installed_appliance_is_ready(machine: Machine) -> None:
    assert state(machine, "ActiveState", "SubState", "NRestarts") == ["active", "running", "0"]
    assert '"event": "ready"' in machine.run(f"journalctl -u {SERVICE} -o cat")
    assert "counter-1" in machine.run("/opt/passbook/bin/passbookctl status")


def test_its_process_may_do_little_and_leaves_no_core(machine: Machine) -> None:
    [pid] = state(machine, "MainPID")
    status = dict(line.split(":", 1) for line in machine.run(f"cat /proc/{pid}/status").splitlines())
    assert {name: status[name].strip() for name in ("CapEff", "NoNewPrivs", "Seccomp")} == {
        "CapEff": "0" * 16,
        "NoNewPrivs": "1",
        "Seccomp": "2",
    }
    assert set(status["Uid"].split()) == {machine.run("id -u passbook").strip()}
    assert re.search(r"^Max core file size +0 +0 ", machine.run(f"cat /proc/{pid}/limits"), re.MULTILINE)


def test_nobody_else_reads_its_files(machine: Machine) -> None:
    listed = machine.run(
        "stat -c '%a %U:%G %n' /etc/passbook /etc/passbook/* /var/lib/passbook /run/passbook /run/passbook/control.sock"
    )
    assert sorted(line for line in listed.splitlines() if ".pem" not in line or "key" in line) == [
        "600 passbook:passbook /run/passbook/control.sock",
        "600 root:root /etc/passbook/appliance-key.cred",
        "640 root:passbook /etc/passbook/passbook.toml",
        "640 root:passbook /etc/passbook/server-key.pem",
        "700 passbook:passbook /var/lib/passbook",
        "711 passbook:passbook /run/passbook",
        "750 root:passbook /etc/passbook",
    ]
    assert machine.try_to("test -e /etc/passbook/appliance.key")[0] != 0


def draw(machine: Machine, document: bytes, user: str = "passbook") -> tuple[int, str]:
    """Have a document drawn in the machine; the black dots of each page, or the code of the refusal."""
    machine.run(f"echo {base64.b64encode(document).decode()} | base64 -d > /srv/page.pdf\nchmod 644 /srv/page.pdf")
    machine.run(f"cat > /srv/draw.py <<'END'\n{DRAW}END\n")
    return machine.try_to(
        f"setpriv --reuid={user} --regid=nogroup --clear-groups /opt/passbook/bin/python /srv/draw.py"
    )


def test_a_pdf_is_drawn_by_a_unit_of_its_own(machine: Machine) -> None:
    box = b"0 500 72 72 re f"
    assert draw(machine, pdf(box, box)) == (0, f"[{72 * 72}, {72 * 72}]\n")
    assert draw(machine, b"%PDF-1.7\n") == (0, "pdf-not-readable\n")
    assert draw(machine, pdf(box), user="nobody") == (0, "renderer-failed\n")
    assert "passbook-renderer@" in machine.run("journalctl -o cat -u 'passbook-renderer@*' -n 20; systemctl list-units")


def test_a_stop_is_orderly(machine: Machine) -> None:
    machine.run(f"systemctl stop {SERVICE}")
    assert state(machine, "ActiveState", "Result", "ExecMainStatus") == ["inactive", "success", "0"]
    assert machine.run("ls /var/lib/passbook/areas/*/ended-in-order | wc -l").strip() == "2"
    machine.run(f"systemctl start {SERVICE}")


def test_a_killed_appliance_is_started_again(machine: Machine) -> None:
    before = restarted(machine)
    signal_it(machine, "KILL")
    await_state(machine, ActiveState="active", NRestarts=str(before + 1))


def test_a_loop_that_stands_is_ended_by_the_watchdog_and_started_again(machine: Machine) -> None:
    drop_in(machine, "WatchdogSec=2s\nRestartSec=100ms\n")
    before = restarted(machine)
    signal_it(machine, "STOP")
    await_state(machine, ActiveState="active", NRestarts=str(before + 1))
    assert "Watchdog timeout" in machine.run(f"journalctl -u {SERVICE} -o cat")


def test_a_writer_that_hangs_is_ended_by_the_watchdog_and_started_again(machine: Machine, folder: Path) -> None:
    shared = folder / "shared"
    machine.run(f"ln -s {SHARED}/disk /etc/disk")
    program = f"/opt/passbook/bin/python {' '.join(PROGRAM)} --config /etc/passbook/passbook.toml"
    with DiskHold(shared) as disk:
        (shared / "disk").chmod(0o777)
        drop_in(
            machine,
            f"WatchdogSec=2s\nRestartSec=100ms\nEnvironment=PYTHONPATH={PROJECT}\nExecStart=\nExecStart={program}\n",
        )
        before = restarted(machine)
        disk.hold()
        machine.run(TELLER)
        area = disk.await_held()
        await_state(machine, NRestarts=str(before + 1))
        disk.let_go()
        await_state(machine, ActiveState="active")
    log = machine.run(f"journalctl -u {SERVICE} -o cat")
    assert re.search(rf'"event": "no-progress".*area {area}', log)
