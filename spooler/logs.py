"""JSON lines on standard error, so built that nothing of a document, a key or the wire can get into them.

Our own modules log through `Log`: an event keyword, and facts with names from one list.  Of every other logger only
name, level, place in the code and the type of an exception are written, never its text, at any level: libraries put
frames, buffers and the values they choke on into texts.  The text of an exception is never written either.
"""

from __future__ import annotations

import asyncio
import datetime
import json
import logging
import re
import sys
import threading
import time
import traceback
from collections.abc import Callable
from contextlib import nullcontext
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Final, TextIO, TypeAlias, TypedDict, Unpack

from passbook.errors import PassbookError

if TYPE_CHECKING:
    _Unraisable: TypeAlias = sys.UnraisableHookArgs

LEVELS: Final = {
    "debug": logging.DEBUG,
    "info": logging.INFO,
    "warning": logging.WARNING,
    "error": logging.ERROR,
}
MAX_TEXT: Final = 200
"""Characters of one fact; what is longer is cut and marked."""
MAX_FRAMES: Final = 8
"""Innermost frames of an exception that are named."""
ROOT: Final = "passbook"
LINES_AT_ONCE: Final = 100
"""Limited lines of one event and cause that are written in LIMIT_SECONDS; the others are counted."""
LIMIT_SECONDS: Final = 60.0


class Facts(TypedDict, total=False):
    """The facts that may be logged, and no others; none of them can hold content."""

    job: str
    requester: str
    request: str
    sequence: int
    printer: str
    area: str
    terminal: str
    person: str
    address: str
    command: str
    part: str
    code: str
    state: str
    reason: str
    verdict: str
    step: int
    steps: int
    epoch: int
    count: int
    size: int
    seconds: float
    key_ref: str
    path: str
    uid: int
    pid: int
    version: str
    reference: str
    why: str


FIELDS: Final = frozenset(Facts.__annotations__)


class Log:
    """The log of one module; `event` is a keyword of lower-case letters, digits and hyphens."""

    def __init__(self, name: str, cause: str | None = None) -> None:
        """`cause` is for `limited`."""
        self._logger = logging.getLogger(f"{ROOT}.{name}")
        self._name = name
        self._cause = cause

    def limited(self, cause: str = "") -> Log:
        """The log for lines that a terminal or a failing part can cause without end.

        Of one event and `cause` so many are written and the others counted.  A cause is a name that the branch gave;
        what strangers cause is counted together, whatever addresses they have.
        """
        return Log(self._name, cause)

    def debug(self, event: str, **facts: Unpack[Facts]) -> None:
        """Log an event that only helps to find an error."""
        self._logger.debug(event, extra=self._extra(facts))

    def info(self, event: str, **facts: Unpack[Facts]) -> None:
        """Log an event that was meant to happen."""
        self._logger.info(event, extra=self._extra(facts))

    def warning(self, event: str, **facts: Unpack[Facts]) -> None:
        """Log an event that operators should know of, and that the appliance dealt with."""
        self._logger.warning(event, extra=self._extra(facts))

    def error(self, event: str, **facts: Unpack[Facts]) -> None:
        """Log an event on which an operator must act."""
        self._logger.error(event, extra=self._extra(facts))

    def failure(self, event: str, error: BaseException, **facts: Unpack[Facts]) -> None:
        """An exception: its type, its code where it has one, and where it came from; never its text."""
        self._logger.error(event, exc_info=error, extra=self._extra(facts))

    def _extra(self, facts: Facts) -> dict[str, object]:
        return {"facts": facts, "cause": self._cause}


class Lines(logging.Formatter):
    """A log record as one line of ASCII JSON; what is not known to be harmless is left out."""

    def format(self, record: logging.LogRecord) -> str:  # type: ignore[explicit-override]  # override is of Python 3.12
        """One line without its end."""
        line: dict[str, object] = {
            "time": datetime.datetime.fromtimestamp(record.created, datetime.UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname.lower(),
        }
        facts = getattr(record, "facts", None)
        if isinstance(facts, dict) and record.name.startswith(f"{ROOT}."):
            line |= {"event": _event(record.msg), "from": record.name.removeprefix(f"{ROOT}.")}
            line |= _harmless(facts)
        else:
            line |= {"event": "library", "from": _cut(record.name), "at": f"{_cut(record.filename)}:{record.lineno}"}
        if record.exc_info and record.exc_info[1] is not None:
            line |= _exception(record.exc_info[1])
        return json.dumps(line)


class _Counted:
    """The records of one event and cause since `since` (monotonic seconds): written and left out."""

    def __init__(self, since: float) -> None:
        self.since = since
        self.written = 0
        self.left_out = 0


class Output(logging.StreamHandler[TextIO]):
    """Writes lines; of limited ones, and of all those of libraries, LINES_AT_ONCE in LIMIT_SECONDS.

    A stream that cannot be written to loses the line, and nothing else happens.
    """

    def __init__(self, stream: TextIO, monotonic: Callable[[], float] = time.monotonic) -> None:
        super().__init__(stream)
        self.setFormatter(Lines())
        self._monotonic = monotonic
        self._counted: dict[tuple[str, str, str], _Counted] = {}

    def emit(self, record: logging.LogRecord) -> None:  # type: ignore[explicit-override]  # override is of Python 3.12
        """Write the record or count it."""
        key = _limit(record)
        if key is None or self._may_write(key):
            super().emit(record)

    def tell_left_out(self) -> None:
        """Write how many lines were left out of each event and cause, and count anew."""
        with self.lock or nullcontext():
            now = self._monotonic()
            for key, counted in list(self._counted.items()):
                if counted.left_out or now - counted.since >= LIMIT_SECONDS:
                    self._end(key)

    def _may_write(self, key: tuple[str, str, str]) -> bool:
        now = self._monotonic()
        counted = self._counted.get(key)
        if counted is not None and now - counted.since >= LIMIT_SECONDS:
            self._end(key)
            counted = None
        if counted is None:
            counted = self._counted[key] = _Counted(now)
        may = counted.written < LINES_AT_ONCE
        counted.written += may
        counted.left_out += not may
        return may

    def _end(self, key: tuple[str, str, str]) -> None:
        counted = self._counted.pop(key)
        if counted.left_out:
            name, event, cause = key
            facts: Facts = {"why": event, "count": counted.left_out, "seconds": LIMIT_SECONDS}
            if cause:
                facts["terminal"] = cause
            # From the same log, so that a reader who looks for that one finds the count too.
            text = "lines-left-out"
            line = logging.LogRecord(name, logging.WARNING, __file__, 0, text, (), None)
            line.facts = facts
            super().emit(line)


def _limit(record: logging.LogRecord) -> tuple[str, str, str] | None:
    """The event and cause by which a record is counted; None for one that is always written."""
    if not record.name.startswith(f"{ROOT}."):
        return f"{ROOT}.library", f"{record.name} {record.filename}:{record.lineno}", ""
    cause = getattr(record, "cause", None)
    return None if cause is None else (record.name, record.getMessage(), cause)


def tell_left_out() -> None:
    """Have the process's log tell what it left out."""
    for handler in logging.getLogger().handlers:
        if isinstance(handler, Output):
            handler.tell_left_out()


async def keep_telling() -> None:
    """The same now and then, until cancelled."""
    while True:
        await asyncio.sleep(LIMIT_SECONDS)
        tell_left_out()


def configure(level: str, stream: TextIO | None = None) -> None:
    """Send every log line, warning and uncaught exception of this process to `stream` (standard error).

    Libraries are heard from `warning` on, whatever `level` is: websockets writes frames at `debug`.
    """
    handler = Output(stream or sys.stderr)
    root = logging.getLogger()
    root.handlers = [handler]
    root.setLevel(logging.WARNING)
    logging.getLogger(ROOT).setLevel(LEVELS[level])
    for name in ("websockets", "websockets.server", "websockets.client", "asyncio"):
        logging.getLogger(name).setLevel(logging.WARNING)
    # Otherwise a record that cannot be formatted is printed with its arguments.
    logging.raiseExceptions = False
    logging.captureWarnings(capture=True)
    _catch_uncaught(Log("process"))


def _catch_uncaught(log: Log) -> None:
    """Replace the interpreter's three ways of printing an exception with its text."""

    def uncaught(_kind: type[BaseException], error: BaseException, _trace: TracebackType | None) -> None:
        log.failure("uncaught-exception", error)

    def in_thread(args: threading.ExceptHookArgs) -> None:
        if args.exc_value is not None:
            log.failure("uncaught-exception", args.exc_value)

    def unraisable(args: _Unraisable) -> None:
        if args.exc_value is not None:
            log.failure("unraisable-exception", args.exc_value)

    sys.excepthook = uncaught
    threading.excepthook = in_thread
    sys.unraisablehook = unraisable


def _event(text: object) -> str:
    return text if isinstance(text, str) and re.fullmatch(r"[a-z0-9-]{1,64}", text, re.ASCII) else "malformed-event"


def _harmless(facts: dict[object, object]) -> dict[str, object]:
    """The facts with allowed names and types; how many were left out is said, not which."""
    kept: dict[str, object] = {}
    for name, value in facts.items():
        if isinstance(name, str) and name in FIELDS:
            if isinstance(value, str):
                kept[name] = _cut(value)
            elif isinstance(value, int | float):
                kept[name] = value
    return kept if len(kept) == len(facts) else kept | {"leftOut": len(facts) - len(kept)}


def _cut(text: str) -> str:
    return str(text) if len(text) <= MAX_TEXT else f"{text[:MAX_TEXT]}..."


def _exception(error: BaseException) -> dict[str, object]:
    """Type, code and place of `error`, innermost frame last."""
    # A group says only that one of its members failed.
    while isinstance(error, BaseExceptionGroup):
        error = error.exceptions[0]
    frames = traceback.extract_tb(error.__traceback__)[-MAX_FRAMES:]
    where = [f"{Path(frame.filename).name}:{frame.lineno} {frame.name}" for frame in frames]
    found: dict[str, object] = {"error": type(error).__name__, "at": where}
    if isinstance(error, PassbookError):
        found["code"] = error.code
    return found
