"""The control socket: one JSON message a line, and the client that tests and the demo use."""

from __future__ import annotations

import socket
import threading
from collections.abc import Callable, Mapping
from contextlib import suppress
from pathlib import Path
from types import MappingProxyType
from typing import Annotated, Final, TypeAlias

import msgspec

from drivers.simulator.faults import Cut, Fault, FaultKind, Now, Target, When
from drivers.simulator.machine import Machine, MachineEvent, State
from drivers.simulator.paper import Ruler

LONGEST_MESSAGE: Final = 65_536
LONGEST_CONTROL_WAIT: Final = 3600.0
"""Seconds for an event."""


class Insert(msgspec.Struct, frozen=True, tag_field="do", tag="insert"):
    """A person puts a book, open at a page, into the slot; a known book keeps its ruler."""

    book: str
    page: int
    ruler: Ruler | None = None


class Take(msgspec.Struct, frozen=True, tag_field="do", tag="take"):
    """A person takes the book out of the slot."""


class TurnBook(msgspec.Struct, frozen=True, tag_field="do", tag="turn"):
    """A person takes the book out and puts it in again, open at a page, before the host can ask for its place."""

    page: int


class CutPower(Cut, frozen=True, tag_field="do", tag="cut"):
    """Power is cut or the cable pulled, now or at a scripted moment."""


class Restore(msgspec.Struct, frozen=True, tag_field="do", tag="restore"):
    """The mechanism has power again."""


class PlugIn(msgspec.Struct, frozen=True, tag_field="do", tag="plug"):
    """A person puts the cable back in."""


class Break(Fault, frozen=True, tag_field="do", tag="fault"):
    """A part breaks, now or at a scripted line."""


class Mend(msgspec.Struct, frozen=True, tag_field="do", tag="mend"):
    """A person mends every fault."""


class AskState(msgspec.Struct, frozen=True, tag_field="do", tag="state"):
    """Ask for the state."""


class Wait(msgspec.Struct, frozen=True, tag_field="do", tag="wait"):
    """Answer when an event of that name with a number above `after` has happened."""

    event: str
    after: int = 0
    timeout: Annotated[float, msgspec.Meta(le=LONGEST_CONTROL_WAIT)] = 10.0


Request: TypeAlias = Insert | Take | TurnBook | CutPower | Restore | PlugIn | Break | Mend | AskState | Wait


class Reply(msgspec.Struct, frozen=True, omit_defaults=True):
    """The answer: `error` says why the deed was not done; None after a deed."""

    error: str | None = None
    state: State | None = None
    event: MachineEvent | None = None


class ControlFailure(Exception):  # noqa: N818 - says what failed
    """The simulator refused a deed."""


def answer_control(machine: Machine, line: bytes) -> Reply:
    """Do the deed of one message."""
    try:
        request = msgspec.json.decode(line, type=Request)
        return _do(machine, request)
    except (ValueError, RecursionError) as error:
        return Reply(error=str(error))


def _do(machine: Machine, request: Request) -> Reply:
    match request:
        case Insert(book, page, ruler):
            machine.insert(book, page, ruler)
        case TurnBook(page):
            machine.turn(page)
        case CutPower():
            machine.cut(request)
        case Break():
            machine.fault(request)
        case Take() | Restore() | PlugIn() | Mend():
            _DEEDS[type(request)](machine)
        case AskState():
            return Reply(state=machine.state())
        case Wait(name, after, timeout):
            event = machine.wait(name, after, timeout)
            return Reply(event=event) if event else Reply(error=f"no {name} in {timeout} s")
    return Reply()


_DEEDS: Final[Mapping[type, Callable[[Machine], None]]] = MappingProxyType(
    {Take: Machine.take, Restore: Machine.restore, PlugIn: Machine.plug, Mend: Machine.mend}
)
"""Requests that say all by their name -> the deed."""


class ControlServer:
    """Serves a Unix socket until it is closed; one thread for each connection, since some commands wait."""

    def __init__(self, path: Path, machine: Machine) -> None:
        path.unlink(missing_ok=True)
        self._path = path
        self._machine = machine
        self._listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self._listener.bind(str(path))
        self._listener.listen()
        self._thread = threading.Thread(target=self._accept, name="simulator-control", daemon=True)
        self._thread.start()

    def _accept(self) -> None:
        while True:
            try:
                connection, _ = self._listener.accept()
            except OSError:
                return  # closed
            threading.Thread(target=self._serve, args=(connection,), daemon=True).start()

    def _serve(self, connection: socket.socket) -> None:
        # A client that is gone needs no answer.
        with suppress(OSError), connection, connection.makefile("rwb") as stream:
            while line := stream.readline(LONGEST_MESSAGE):
                stream.write(msgspec.json.encode(answer_control(self._machine, line)) + b"\n")
                stream.flush()

    def close(self) -> None:
        """Stop serving and take the socket away."""
        with suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._thread.join()
        self._listener.close()
        self._path.unlink(missing_ok=True)


class SimulatorControl:
    """A person at the simulated mechanism. Every method raises ControlFailure when the simulator refuses."""

    def __init__(self, path: Path | str) -> None:
        """Act by the control socket at `path`."""
        self._path = str(path)
        self._seen: dict[str, int] = {}

    def insert(self, book: str, page: int, ruler: Ruler | None = None) -> None:
        """Put a book into the slot."""
        self._ask(Insert(book, page, ruler))

    def take(self) -> None:
        """Take the book out of the slot."""
        self._ask(Take())

    def turn(self, page: int) -> None:
        """Take the book out of the slot and put it in again, open at `page`, at once."""
        self._ask(TurnBook(page))

    def cut(self, target: Target, when: When | None = None, pid: int | None = None) -> None:
        """Cut power or pull the cable now or at a scripted moment; an appliance is ended by its `pid`."""
        self._ask(CutPower(target, when or Now(), pid))

    def restore(self) -> None:
        """Give the mechanism its power back."""
        self._ask(Restore())

    def plug(self) -> None:
        """Put the cable back in."""
        self._ask(PlugIn())

    def fault(self, kind: FaultKind, line: int | None = None, *, characters: int = 0, page: int = 1) -> None:
        """Break a part now or at the `line`-th line from now on."""
        self._ask(Break(kind, line, characters, page))

    def mend(self) -> None:
        """Mend every fault."""
        self._ask(Mend())

    def state(self) -> State:
        """The state of the mechanism."""
        state = self._ask(AskState()).state
        if state is None:
            raise ControlFailure("the simulator gave no state")
        return state

    def wait(self, event: str, timeout: float = 10.0) -> None:
        """Wait for the next event of that name after the last one that this object returned."""
        reply = self._ask(Wait(event, self._seen.get(event, 0), timeout), timeout + 5.0)
        if reply.event is not None:
            self._seen[event] = reply.event.number

    def _ask(self, request: Request, timeout: float = 15.0) -> Reply:
        with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as connection, connection.makefile("rwb") as stream:
            connection.settimeout(timeout)
            connection.connect(self._path)
            stream.write(msgspec.json.encode(request) + b"\n")
            stream.flush()
            line = stream.readline(LONGEST_MESSAGE)
        reply = msgspec.json.decode(line, type=Reply)
        if reply.error is not None:
            raise ControlFailure(reply.error)
        return reply
