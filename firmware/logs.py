"""JSON lines on standard error, so built that nothing of a document, a key or the wire can get into them.

Our own modules log through `Log`: an event keyword, and facts with names from one list.  Of every other logger only
name, level, place in the code and the type of an exception are written, never its text, at any level: libraries put
frames, buffers and the values they choke on into texts.  The text of an exception is never written either.
"""

from __future__ import annotations

import datetime
import json
import logging
import re
import sys
import threading
import traceback
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
    peer: str
    command: str
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

    def __init__(self, name: str) -> None:
        self._logger = logging.getLogger(f"{ROOT}.{name}")

    def debug(self, event: str, **facts: Unpack[Facts]) -> None:
        """What only helps to find an error."""
        self._logger.debug(event, extra={"facts": facts})

    def info(self, event: str, **facts: Unpack[Facts]) -> None:
        """What happened as it should."""
        self._logger.info(event, extra={"facts": facts})

    def warning(self, event: str, **facts: Unpack[Facts]) -> None:
        """What somebody should know of, and that the appliance dealt with."""
        self._logger.warning(event, extra={"facts": facts})

    def error(self, event: str, **facts: Unpack[Facts]) -> None:
        """What somebody must act on."""
        self._logger.error(event, extra={"facts": facts})

    def failure(self, event: str, error: BaseException, **facts: Unpack[Facts]) -> None:
        """An exception: its type, its code where it has one, and where it came from; never its text."""
        self._logger.error(event, exc_info=error, extra={"facts": facts})


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


def configure(level: str, stream: TextIO | None = None) -> None:
    """Send every log line, warning and uncaught exception of this process to `stream` (standard error).

    Libraries are heard from `warning` on, whatever `level` is: websockets writes frames at `debug`.
    """
    handler = logging.StreamHandler(stream or sys.stderr)
    handler.setFormatter(Lines())
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
    frames = traceback.extract_tb(error.__traceback__)[-MAX_FRAMES:]
    where = [f"{Path(frame.filename).name}:{frame.lineno} {frame.name}" for frame in frames]
    found: dict[str, object] = {"error": type(error).__name__, "at": where}
    if isinstance(error, PassbookError):
        found["code"] = error.code
    return found
