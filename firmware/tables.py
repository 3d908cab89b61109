"""Results of operators' commands as aligned text for people; made from the same JSON that `--json` prints."""

from __future__ import annotations

import textwrap
from collections.abc import Iterator, Mapping, Sequence
from itertools import zip_longest
from typing import Any, Final, TypeAlias

Columns: TypeAlias = Mapping[str, str]
"""Heading -> where the value is: names joined by dots."""

JOBS: Final[Columns] = {
    "JOB": "job",
    "STATE": "state",
    "VALID": "valid",
    "REASONS": "reasons",
    "WAITS FOR": "waiting.why",
    "AHEAD": "waiting.ahead",
    "REQUESTER": "requester",
    "REQUEST": "clientRequest",
    "PRINTER": "printer",
    "PRIORITY": "priority",
    "DONE": "confirmed",
    "STEPS": "steps",
    "ACCEPTED": "acceptedAt",
    "HELD BY": "heldBy.person",
    "HELD AT": "heldBy.terminal",
}
INQUIRIES: Final[Columns] = {
    "JOB": "job.job",
    "EPOCH": "job.epoch",
    "STATE": "job.state",
    "REASONS": "job.reasons",
    "REQUESTER": "job.requester",
    "PRINTER": "job.printer",
    "DONE": "job.confirmed",
    "IN DOUBT": "inDoubt",
    "SENT BEFORE": "sentBefore",
    "STEPS": "job.steps",
    "MEDIUM": "media",
    "ASKED": "asked",
    "HELD BY": "job.heldBy.person",
    "HELD AT": "job.heldBy.terminal",
    "KEY": "job.keyRef",
}
NOTICES: Final[Columns] = {
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
HISTORY: Final[Columns] = {
    "AREA": "area",
    "N": "n",
    "AT": "entry.at",
    "WHAT": "entry.kind",
    "JOB": "entry.record.jobId",
    "REQUESTER": "entry.record.requester",
    "STATE": "entry.record.state",
    "REASONS": "entry.record.reasons",
    "DONE": "entry.record.confirmed",
    "STEPS": "entry.record.steps",
    "VERDICT": "entry.record.answered.verdict",
    "AT TERMINAL": "entry.record.answered.terminal",
    "PERSON": "entry.record.answered.person",
    "SECOND": "entry.record.answered.secondedBy.person",
    "PROPOSED BY": "entry.record.proposed.person",
    "AGAIN": "entry.record.reprints",
    "HELD BY": "entry.record.heldBy.person",
    "RELEASED BY": "entry.record.releasedBy.person",
    "NOTED BY": "entry.record.acknowledged.terminal",
}
SUMMARY: Final[Columns] = {
    "GROUP": "group",
    "JOBS": "jobs",
    "COMPLETED": "completed",
    "CANCELED": "canceled",
    "ABORTED": "aborted",
    "REPRINTED": "reprinted",
    "MEDIAN WAIT": "medianWaiting",
    "WORST WAIT": "worstWaiting",
}
TERMINALS: Final[Columns] = {
    "TERMINAL": "terminal",
    "REPRESENTATIVE": "representative",
    "CONNECTIONS": "connections",
    "LAST HEARD": "heardAt",
    "SILENT (s)": "silent",
    "QUESTIONS": "questions",
    "HELD": "held",
    "PENDING": "pending",
}
FINDINGS: Final[Columns] = {"CODE": "code", "WHAT DOES NOT FIT": "sentence"}
PRINTERS: Final[Columns] = {
    "PRINTER": "printer",
    "DEVICE": "status.device",
    "MEDIUM": "status.media",
    "AGE/s": "age",
    "JOB": "job",
}
QUEUES: Final[Columns] = {
    "PRINTER": "printer",
    "PENDING": "jobs.pending",
    "PROCESSING": "jobs.processing",
    "QUESTIONS": "jobs.questions",
    "HELD": "jobs.held",
}
_PARTS: Final[Mapping[str, tuple[Columns, ...]]] = {"printers": (PRINTERS, QUEUES)}
"""Tables that a list within an object becomes, by the name of the list."""
WIDTH: Final = 80
"""Columns of a terminal, at which sentences are wrapped."""
NONE: Final = "none"
"""What stands for a list without rows, where nobody gives a better sentence."""
_WORDS: Final[dict[tuple[str, str | int], str]] = {
    ("age", -1): "never",
    ("silent", -1): "never",
    ("heardAt", ""): "never",
    ("connections", 0): NONE,
    ("inDoubt", 0): NONE,
}
"""(name, value) -> the word for a value that stands for something else."""


def render(result: Any, columns: Columns | None = None, nothing: str = NONE) -> str:
    """`result` as text.

    `columns` is for a list of objects, which without it shows all its plain values; `nothing` for an empty one.
    """
    if isinstance(result, dict):
        return _object(result)
    if isinstance(result, list):
        return _table(result, columns or _all_columns(result)) if result else printable(nothing)
    return _cell("", result)


def printable(text: str) -> str:
    """`text` without anything that a terminal would obey."""
    return "".join(one if one.isprintable() else ascii(one)[1:-1] for one in text)


def _object(value: dict[str, Any]) -> str:
    plain = {key: one for key, one in value.items() if not isinstance(one, dict) and not _is_rows(one)}
    width = max((len(printable(key)) for key in plain), default=0)
    parts = [_entry(printable(key).ljust(width), key, one) for key, one in plain.items()]
    for key, one in value.items():
        if key not in plain:
            tables = [_indented(render(one, columns)) for columns in _PARTS.get(key, (None,))]
            parts.append("\n".join([printable(key), *tables]))
    return "\n".join(parts) or NONE


def _entry(heading: str, key: str, value: Any) -> str:
    """A plain value behind its heading; a long one is wrapped, and each thing of a long list begins a line."""
    room = max(WIDTH - len(heading) - 2, WIDTH // 2)
    text = NONE if value == [] else _cell(key, value)
    lines = [text]
    if len(text) > room:
        things = [_cell(key, one) for one in value] if isinstance(value, list) else [text]
        lines = [
            line
            for thing in things
            for line in textwrap.wrap(thing, room, break_long_words=False, break_on_hyphens=False) or [thing]
        ]
    return "\n".join(f"{start}  {line}" for start, line in zip_longest([heading], lines, fillvalue=" " * len(heading)))


def _table(rows: Sequence[Any], columns: Columns) -> str:
    lines = [list(columns)] + [[_cell(where, _at(row, where)) for where in columns.values()] for row in rows]
    widths = [max(len(line[place]) for line in lines) for place in range(len(columns))]
    return "\n".join("  ".join(map(str.ljust, line, widths)).rstrip() for line in lines)


def _all_columns(rows: Sequence[Any]) -> Columns:
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
        return "-"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, list):
        return ", ".join(_cell(where, one) for one in value) or "-"
    return printable(str(value))


def _is_rows(value: Any) -> bool:
    return isinstance(value, list) and any(isinstance(one, dict) for one in value)


def _indented(text: str) -> str:
    return "\n".join(f"  {line}" for line in text.splitlines())
