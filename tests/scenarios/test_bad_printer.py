"""What is connected in the printer's place and speaks another language is said so, and gets no line of any job."""

from __future__ import annotations

import json
import socket
import threading
from collections.abc import Iterator
from typing import Any, Final, Self

import pytest

from client.connection import TerminalClient
from demo.world import PRINTER
from passbook.protocol.messages import StatusReport
from tests.scenarios.books import Statement
from tests.scenarios.clerk import BookClerk, as_terminal
from tests.scenarios.door import request
from tests.scenarios.office import Office, book_of

STATEMENT: Final = Statement(730, 3)


class Stranger:
    """A device at a TCP port that answers whatever it is sent with the same bytes, and keeps what it was sent."""

    def __init__(self, answer: bytes) -> None:
        self._answer = answer
        self._server = socket.create_server(("127.0.0.1", 0))
        self._changed = threading.Condition()
        self._open: list[socket.socket] = []
        self._threads = [threading.Thread(target=self._accept, name="stranger")]
        self.heard = b""

    @property
    def url(self) -> str:
        return f"tcp://127.0.0.1:{self._server.getsockname()[1]}"

    def await_heard(self, times: int) -> None:
        """Wait until it was spoken to so often."""
        with self._changed:
            assert self._changed.wait_for(lambda: len(self._open) >= times and self.heard, 30)

    def _accept(self) -> None:
        while True:
            try:
                connection, _ = self._server.accept()
            except OSError:
                return
            with self._changed:
                self._open.append(connection)
                self._changed.notify_all()
            thread = threading.Thread(target=self._serve, args=(connection,), name="stranger's cable")
            self._threads.append(thread)
            thread.start()

    def _serve(self, connection: socket.socket) -> None:
        try:
            while data := connection.recv(4096):
                with self._changed:
                    self.heard += data
                    self._changed.notify_all()
                connection.sendall(self._answer)
        except OSError:
            return

    def __enter__(self) -> Self:
        self._threads[0].start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown(socket.SHUT_RDWR)
        self._server.close()
        for connection in self._open:
            connection.close()
        for thread in self._threads:
            thread.join()


@pytest.fixture
def stranger() -> Iterator[Stranger]:
    """A printer of the same family that calls itself another model."""
    with Stranger(b"\x1b/8") as one:
        yield one


def status(office: Office) -> StatusReport:
    return as_terminal(office.manager, TerminalClient.status)


def lines(office: Office) -> list[dict[str, Any]]:
    return list(map(json.loads, office.world.log_file.read_text().splitlines()))


def test_a_device_of_another_dialect_prints_nothing_and_the_job_waits_for_the_printer(
    office: Office, stranger: Stranger
) -> None:
    right = office.world.simulator_url
    office.world.stop_appliance()
    office.world.simulator_url = stranger.url
    office.open()
    stranger.await_heard(1)
    job = as_terminal(office.counter, lambda client: client.submit(request(office, STATEMENT.csv()))).job
    stranger.await_heard(2)
    [view] = status(office).printers
    assert (view.printer, view.status.device.value) == (PRINTER, "offline")
    [condition] = view.status.conditions
    assert condition == "printer-garbled"
    assert {line["reason"] for line in lines(office) if line["event"] == "mechanism-stopped"} == {condition}
    assert not any(text.encode() in stranger.heard for text in STATEMENT.secrets())
    assert [one["job"] for one in office.told("jobs")] == [job]
    office.world.stop_appliance()
    office.world.simulator_url = right
    office.open()
    with BookClerk(office.manager, office.hands, lambda _view: book_of(STATEMENT)):
        office.answer(office.counter, job, "--print")
        office.wait("taken")
    office.judge(STATEMENT)
