"""Results of operators' commands as aligned text for people; made from the same JSON that `--json` prints."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from itertools import zip_longest
from typing import Any, Final, TypeAlias

from passbook.screen.columns import Row, filled, short, table
from passbook.screen.moments import each_stamp, exact
from passbook.screen.screen_cells import screen_cells, wrapped

TableColumns: TypeAlias = Mapping[str, str]
"""Heading -> where the value is: names joined by dots."""

STEP_IN_DOUBT: Final = "inDoubt"
"""Where a question has the step in doubt: people hear whether there is one, and its picture says which line it is."""

JOBS: Final[TableColumns] = {
    "JOB": "job",
    "STATE": "state",
    "WAITS FOR": "waiting.why",
    "AHEAD": "waiting.ahead",
    "DONE": "linesDone",
    "LINES": "lines",
    "REQUESTER": "requester",
    "PRINTER": "printer",
    "REASONS": "reasons",
    "HELD BY": "heldBy.person",
    "HELD AT": "heldBy.terminal",
    "ACCEPTED": "acceptedAt",
    "PRIORITY": "priority",
    "VALID": "valid",
    "REQUEST": "clientRequest",
}
QUESTIONS: Final[TableColumns] = {
    "JOB": "job.job",
    "STATE": "job.state",
    "DONE": "job.linesDone",
    "LINES": "job.lines",
    "IN DOUBT": STEP_IN_DOUBT,
    "REQUESTER": "job.requester",
    "PRINTER": "job.printer",
    "REASONS": "job.reasons",
    "HELD BY": "job.heldBy.person",
    "HELD AT": "job.heldBy.terminal",
    "SINCE": "job.changedAt",
    "MEDIUM": "media",
    "ASKED": "asked",
    "EPOCH": "job.epoch",
    "KEY": "job.keyRef",
}
NOTICES: Final[TableColumns] = {
    "JOB": "job.job",
    "STATE": "job.state",
    "REASONS": "job.reasons",
    "REQUESTER": "job.requester",
    "PRINTER": "job.printer",
    "ENDED": "job.changedAt",
    "ON PAPER": "onPaper.confirmed",
    "IN DOUBT": "onPaper.inDoubt",
    "ORDERED AGAIN": "onPaper.again",
    "LINES": "onPaper.lines",
}
HISTORY: Final[TableColumns] = {
    "AREA": "area",
    "N": "n",
    "AT": "entry.at",
    "WHAT": "entry.kind",
    "JOB": "entry.record.jobId",
    "REQUESTER": "entry.record.requester",
    "STATE": "entry.record.state",
    "REASONS": "entry.record.reasons",
    "DONE": "entry.record.onPaper.confirmed",
    "LINES": "entry.record.onPaper.lines",
    "VERDICT": "entry.record.answered.verdict",
    "AT TERMINAL": "entry.record.answered.terminal",
    "PERSON": "entry.record.answered.person",
    "SECOND": "entry.record.answered.secondedBy.person",
    "PROPOSED BY": "entry.record.proposed.person",
    "AGAIN": "entry.record.reprints",
    "HELD BY": "entry.record.heldBy.person",
    "RELEASED BY": "entry.record.releasedBy.person",
    "CHOSEN BY": "entry.chosen.by.person",
    "BEFORE": "entry.chosen.before",
    "NOW": "entry.chosen.now",
    "NOTED BY": "entry.record.acknowledged.terminal",
    "NAME": "name",
    "DATED": "documentDate",
}
SUMMARY: Final[TableColumns] = {
    "GROUP": "group",
    "JOBS": "jobs",
    "COMPLETED": "completed",
    "CANCELED": "canceled",
    "ABORTED": "aborted",
    "REPRINTED": "reprinted",
    "MEDIAN WAIT": "medianWaiting",
    "WORST WAIT": "worstWaiting",
}
TERMINALS: Final[TableColumns] = {
    "TERMINAL": "terminal",
    "REPRESENTATIVE": "representative",
    "CONNECTIONS": "connections",
    "LAST HEARD": "heardAt",
    "SILENT (s)": "silent",
    "QUESTIONS": "questions",
    "HELD": "held",
    "PENDING": "pending",
}
STOCK: Final[TableColumns] = {
    "PRINTER": "printer",
    "FORM": "form",
    "CASSETTE": "cassette",
    "LEFT": "left",
    "LEVEL": "level",
    "NEXT": "next",
    "LOW": "low",
    "EMPTY": "empty",
}
MOVES: Final[TableColumns] = {
    "AREA": "area",
    "N": "n",
    "AT": "at",
    "WHAT": "move.kind",
    "PRINTER": "move.printer",
    "FORM": "move.form",
    "CASSETTE": "move.cassette",
    "SHEETS": "move.count",
    "FIRST": "move.first",
    "JOB": "move.job",
    "PERSON": "move.person",
    "REASON": "move.reason",
}
FINDINGS: Final[TableColumns] = {"CODE": "code", "WHAT DOES NOT FIT": "sentence"}
PRINTERS: Final[TableColumns] = {
    "PRINTER": "printer",
    "DEVICE": "status.device",
    "MEDIUM": "status.media",
    "AGE/s": "age",
    "JOB": "job",
}
QUEUES: Final[TableColumns] = {
    "PRINTER": "printer",
    "PENDING": "jobs.pending",
    "PROCESSING": "jobs.processing",
    "QUESTIONS": "jobs.questions",
    "HELD": "jobs.held",
}
_PARTS: Final[Mapping[str, tuple[TableColumns, ...]]] = {"printers": (PRINTERS, QUEUES)}
"""Tables that a list within an object becomes, by the name of the list."""
_FOR_PROGRAMS: Final = frozenset({"findings", "terminalFindings", "areaStates"})
"""Values of an object that tell again, to programs, what others tell to people: `problems` and `areas` of a status."""
WIDTH: Final = 80
"""Characters at which sentences are wrapped where the width of the screen is not known."""
_INDENT: Final = "  "
_IDS: Final = frozenset({"job", "jobId"})
"""Names of values that are ids of jobs."""
NO_ROWS: Final = "none"
"""Stands for a list without rows, where its command has no sentence for it."""
_WORDS: Final[dict[tuple[str, str | int], str]] = {
    ("age", -1): "never",
    ("silent", -1): "never",
    ("heardAt", ""): "never",
    ("connections", 0): NO_ROWS,
    ("inDoubt", 0): NO_ROWS,
}
"""(name, value) -> the word for a value that stands for something else."""
_STEPS: Final = frozenset({"steps", "confirmed", "sending"})
"""Names of figures of a job that count steps."""
_STEPS_OF_ANSWER: Final = frozenset({"step", "inDoubt"})
"""Likewise, of its last answer."""
_LEFT_OUT: Final[Mapping[str, str]] = {"move.count": "1"}
"""Place of a value -> that value where a message leaves it out."""


def render_result(
    result: Any, columns: TableColumns | None = None, nothing: str = NO_ROWS, width: int | None = None
) -> str:
    """`result` as text.

    Args:
        result: what the command gave.
        columns: for a list of objects, the most important first; None for all their plain values.
        nothing: stands for an empty list.
        width: characters of the screen; None for no limit.
    """
    if isinstance(result, dict):
        return _object(result, width)
    if isinstance(result, list):
        if not result:
            return "\n".join(filled([printable(nothing)], width))
        return _table(result, columns or _all_columns(result), width)
    return _cell("", result)


def in_lines(job: Mapping[str, Any]) -> dict[str, Any]:
    """A job for people, who count lines on paper: without the figures that count steps."""
    shown = {key: one for key, one in job.items() if key not in _STEPS}
    if isinstance(answered := job.get("answered"), dict):
        shown["answered"] = {key: one for key, one in answered.items() if key not in _STEPS_OF_ANSWER}
    return shown


def printable(text: str) -> str:
    """`text` without anything that a terminal would obey."""
    return "".join(one if one.isprintable() else ascii(one)[1:-1] for one in text)


def _object(value: dict[str, Any], width: int | None) -> str:
    told = {key: one for key, one in value.items() if key not in _FOR_PROGRAMS}
    plain = {key: one for key, one in told.items() if not isinstance(one, dict) and not _is_rows(one)}
    heading = max((len(printable(key)) for key in plain), default=0)
    parts = [_entry(printable(key).ljust(heading), key, one, width or WIDTH) for key, one in plain.items()]
    within = None if width is None else width - len(_INDENT)
    for key, one in told.items():
        if key not in plain:
            tables = [_indented(render_result(one, columns, width=within)) for columns in _PARTS.get(key, (None,))]
            parts.append("\n".join([printable(key), *tables]))
    return "\n".join(parts) or NO_ROWS


def _entry(heading: str, key: str, value: Any, width: int) -> str:
    """A plain value behind its heading; a long one is wrapped, and each thing of a long list begins a line."""
    space = max(width - len(heading) - 2, width // 2)
    text = NO_ROWS if value == [] else _cell(key, value)
    lines = [text]
    if screen_cells(text) > space:
        things = [_cell(key, one) for one in value] if isinstance(value, list) else [text]
        lines = [line for thing in things for line in wrapped(thing, space, breaks_words=False) or [thing]]
    return "\n".join(f"{start}  {line}" for start, line in zip_longest([heading], lines, fillvalue=" " * len(heading)))


def _table(rows: Sequence[Any], columns: TableColumns, width: int | None) -> str:
    cells = [Row(tuple(_shown(where, _at(row, where), width) for where in columns.values())) for row in rows]
    return "\n".join(table(tuple(columns), cells, width))


def _shown(where: str, value: Any, width: int | None) -> str:
    """A cell; on a screen an id is cut to the beginning that every command takes."""
    cell = _cell(where, bool(value) if where == STEP_IN_DOUBT and value else value)
    return short(cell) if width is not None and where.rpartition(".")[2] in _IDS else cell


def _all_columns(rows: Sequence[Any]) -> TableColumns:
    found: dict[str, str] = {}
    for row in rows:
        for where in _places(row if isinstance(row, dict) else {"value": row}):
            found.setdefault(printable(where.rpartition(".")[2]).upper(), where)
    return found


def _places(row: Mapping[str, Any]) -> Iterator[str]:
    """Where the plain values of a row are, those of its parts too."""
    for key, value in row.items():
        if isinstance(value, dict):
            yield from (f"{key}.{where}" for where in _places(value))
        elif not _is_rows(value):
            yield key


def _at(row: Any, where: str) -> Any:
    if not isinstance(row, dict):
        return row
    if where in row:
        return row[where]
    head, _, rest = where.partition(".")
    return _at(row[head], rest) if rest and isinstance(row.get(head), dict) else None


def _cell(where: str, value: Any) -> str:
    if isinstance(value, str | int) and (word := _WORDS.get((where.rpartition(".")[2], value))):
        return word
    if value is None or value == "":
        return _LEFT_OUT.get(where, "-")
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, list):
        return ", ".join(_cell(where, one) for one in value) or "-"
    return printable(each_stamp(str(value), exact))


def _is_rows(value: Any) -> bool:
    return isinstance(value, list) and any(isinstance(one, dict) for one in value)


def _indented(text: str) -> str:
    return "\n".join(_INDENT + line for line in text.splitlines())
