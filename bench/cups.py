"""cupsd in its safest setting, and terminals that send it jobs by IPP: the usual printer server of today.

Its configuration and all its files lie in a folder of their own.  The printer is stopped, so nothing prints.
"""

from __future__ import annotations

import http.client
import os
import shutil
import socket
import statistics
import struct
import subprocess
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Final

from bench.load import WARM_UP, Load, document
from bench.process import cpu_seconds
from demo.world import free_port

READY_TIMEOUT: Final = 20.0
PATIENCE: Final = 30.0
PRINTER: Final = "bench"

_CONF: Final = """Listen 127.0.0.1:{port}
DirtyCleanInterval 0
MaxJobs 0
MaxClients 200
Browsing Off
DefaultAuthType None
WebInterface No
LogLevel error
<Location />
  Order allow,deny
  Allow all
</Location>
<Policy default>
  <Limit All>
    Order allow,deny
    Allow all
  </Limit>
</Policy>
"""
_FILES: Final = """SyncOnClose Yes
FileDevice Yes
ServerRoot {folder}/etc
RequestRoot {folder}/spool
CacheDir {folder}/cache
StateDir {folder}/run
AccessLog {folder}/access
ErrorLog {folder}/error
PageLog {folder}/page
"""
_PRINTERS: Final = f"""<Printer {PRINTER}>
DeviceURI file:///dev/null
State Stopped
Accepting Yes
Shared No
</Printer>
"""

_PRINT_JOB: Final = 0x0002
_CHARSET, _LANGUAGE, _URI, _NAME, _MIME = 0x47, 0x48, 0x45, 0x42, 0x49
"""Value tags of RFC 8010."""


def missing() -> bool:
    """Whether this machine cannot run a cupsd."""
    return shutil.which("cupsd") is None or os.geteuid() != 0


@contextmanager
def running(folder: Path, files: str = "", settings: str = "") -> Iterator[tuple[int, int]]:
    """Port and process id of a cupsd in `folder`, which is made.

    `files` are further lines of cups-files.conf, `settings` of cupsd.conf.  Raises RuntimeError when it does not start.
    """
    port = free_port()
    for name in ("etc", "spool/tmp", "cache", "run"):
        (folder / name).mkdir(parents=True)
    (folder / "etc" / "cupsd.conf").write_text(_CONF.format(port=port) + settings)
    (folder / "etc" / "cups-files.conf").write_text(_FILES.format(folder=folder) + files)
    (folder / "etc" / "printers.conf").write_text(_PRINTERS)
    command = ["cupsd", "-f", "-c", str(folder / "etc/cupsd.conf"), "-s", str(folder / "etc/cups-files.conf")]
    with subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as server:  # noqa: S603 - ours
        try:
            _await_port(server, port, folder)
            yield port, server.pid
        finally:
            server.kill()


def _await_port(server: subprocess.Popen[bytes], port: int, folder: Path) -> None:
    deadline = time.monotonic() + READY_TIMEOUT
    while time.monotonic() < deadline and server.poll() is None:
        with suppress(OSError), socket.create_connection(("127.0.0.1", port)):
            return
        time.sleep(0.05)
    log = folder / "error"
    raise RuntimeError(f"cupsd does not start: {log.read_text() if log.exists() else server.returncode}")


def accept(port: int, server: int, count: int, seconds: float) -> Load:
    """Send jobs over `count` connections, each after the one before it was accepted."""
    request = _print_job(port)
    with ThreadPoolExecutor(count) as terminals:
        _work(terminals, count, port, request, WARM_UP)
        cpu, own, began = cpu_seconds(server), time.process_time(), time.perf_counter()
        times = _work(terminals, count, port, request, seconds)
        took, own, cpu = time.perf_counter() - began, time.process_time() - own, cpu_seconds(server) - cpu
    jobs = len(times)
    worst = statistics.quantiles(times, n=100)[-1]
    return Load(jobs / took, statistics.median(times), worst, cpu / jobs, own / jobs)


def _work(terminals: ThreadPoolExecutor, count: int, port: int, request: bytes, seconds: float) -> list[float]:
    until = time.perf_counter() + seconds
    found = [terminals.submit(_terminal, port, request, until) for _ in range(count)]
    return [one for times in found for one in times.result()]


def _terminal(port: int, request: bytes, until: float) -> list[float]:
    """The time of each answer."""
    times = []
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=PATIENCE)
    while time.perf_counter() < until:
        began = time.perf_counter()
        connection.request("POST", f"/printers/{PRINTER}", request, {"Content-Type": "application/ipp"})
        answer = connection.getresponse().read()
        times.append(time.perf_counter() - began)
        # RFC 8010: version, then the status; below 0x0100 is success.
        if answer[2:3] != b"\0":
            raise RuntimeError(f"cupsd answered status {answer[2:4].hex()}")
    connection.close()
    return times


def _print_job(port: int) -> bytes:
    """A request of RFC 8010, followed by its document."""
    attributes = (
        (_CHARSET, "attributes-charset", "utf-8"),
        (_LANGUAGE, "attributes-natural-language", "en"),
        (_URI, "printer-uri", f"ipp://127.0.0.1:{port}/printers/{PRINTER}"),
        (_NAME, "requesting-user-name", "teller"),
        (_NAME, "job-name", "statement"),
        (_MIME, "document-format", "application/octet-stream"),
    )
    encoded = b"".join(
        struct.pack(f">BH{len(name)}sH{len(value)}s", tag, len(name), name.encode(), len(value), value.encode())
        for tag, name, value in attributes
    )
    return struct.pack(">BBHI", 2, 0, _PRINT_JOB, 1) + b"\x01" + encoded + b"\x03" + document()
