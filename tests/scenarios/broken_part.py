"""The appliance with a defect in one part; a program in passbookd's place, whose first argument names the defect."""

from __future__ import annotations

import functools
import sys
import threading
from collections.abc import Callable
from typing import Any, Final, NamedTuple, NoReturn

import spooler.logs
from demo.world import PRINTER
from drivers.dialects.pr2.frames import FrameReader
from firmware.__main__ import main
from firmware.appliance import Appliance
from firmware.people.audiences import Audiences
from firmware.people.expiries import Expiries
from firmware.people.notice_board import NoticeBoard
from firmware.system.upkeep import Upkeep
from firmware.system.watchdog import Watchdog
from spooler.desk import PrintDesk
from spooler.desks import Desks
from spooler.jobs import Jobs
from storage.area.writer import Writer

MODULE: Final = "tests.scenarios.broken_part"
CONTENT: Final = "Withdrawal 1.234,56 Maria"
"""What a defect may have in its hands; no log may have it."""


class DefectError(Exception):
    """What nobody expected."""


class DeadlyError(BaseException):
    """What a print desk does not survive either."""


class Case(NamedTuple):
    """A method of a part in whose place the defect is.

    Attributes:
        part: what the log must call it.
        needs_command: whether a terminal must send a job before it happens.
        only: whether the object whose method it is has the defect.
        error: what is raised.
    """

    part: str
    owner: Any
    method: str
    needs_command: bool = False
    only: Callable[[Any], bool] = lambda _owner: True
    error: type[BaseException] = DefectError


def _of_notices(audiences: Any) -> bool:
    return isinstance(audiences._show.__self__, NoticeBoard)


def _of_questions(audiences: Any) -> bool:
    return not _of_notices(audiences)


def _in_thread(_appliance: Any) -> bool:
    return threading.current_thread() is not threading.main_thread()


DESK: Final = f"desk {PRINTER}"
CASES: Final = {
    "questions": Case("questions", Audiences, "look", only=_of_questions),
    "notices": Case("notices", Audiences, "look", only=_of_notices),
    "old-notices": Case("old notices", NoticeBoard, "look_for_old"),
    "expiry": Case("expiry", Expiries, "look"),
    "upkeep": Case("upkeep", Upkeep, "look"),
    "watchdog": Case("watchdog", Watchdog, "stuck"),
    "log": Case("log", spooler.logs, "tell_left_out"),
    "desk": Case(DESK, PrintDesk, "_meet", error=DeadlyError),
    "writer": Case("area-a", Writer, "_gather", only=lambda writer: writer._thread.name == "area-a"),
    "reader": Case("mechanism-reader", FrameReader, "feed"),
    "news": Case("callback", Appliance, "_spread"),
    "accepted": Case("area-a", Jobs, "_accepted", needs_command=True),
    "watcher": Case("watcher of connections", Audiences, "_connection_changed", needs_command=True),
}
RETURNS: Final = {
    "questions-return": Case("questions", Audiences, "run", only=_of_questions),
    "desk-returns": Case(DESK, PrintDesk, "_run"),
    "writer-returns": Case("area-a", Writer, "_is_over", only=lambda writer: writer._thread.name == "area-a"),
}
STRAYS: Final = "strays"
"""The defect is in the look at jobs whose printer is configured no more, when the last of them ends."""
CONNECTION: Final = "connection"
"""No part of the appliance: the defect is in what a connection does with itself."""
JOB: Final = "job"
"""The defect is in what a print desk does with one job or one mechanism."""


def plant(name: str) -> None:
    """Put the defect of that name in its place."""
    if name == CONNECTION:
        _replace(Case("", Desks, "show_prompts"), _fail)
    elif name == JOB:
        _replace(Case("", PrintDesk, "_serve"), _fail)
    elif name == STRAYS:
        _replace(Case("", Appliance, "_look_for_strays", only=_in_thread), _fail)
    elif name in RETURNS:
        _replace(RETURNS[name], _nothing if RETURNS[name].method == "run" else _over)
    else:
        if name == "log":
            spooler.logs.LIMIT_SECONDS = 0.01  # type: ignore[misc]  # what is Final waits for a minute
        _replace(CASES[name], functools.partial(_fail, CASES[name].error))


def _fail(error: type[BaseException] = DefectError) -> NoReturn:
    raise error(CONTENT)


def _over() -> bool:
    """What a loop of a thread says that ends at once."""
    return True


async def _nothing() -> None:
    """What a task does that ends at once."""


def _replace(case: Case, deed: Callable[[], Any]) -> None:
    was = getattr(case.owner, case.method)

    def defect(*arguments: Any, **facts: Any) -> Any:
        if arguments and not case.only(arguments[0]):
            return was(*arguments, **facts)
        return deed()

    setattr(case.owner, case.method, defect)


if __name__ == "__main__":
    plant(sys.argv[1])
    sys.exit(main(sys.argv[2:]))
