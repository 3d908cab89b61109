"""How long reading and placing a document takes: 384 entries, a whole book of savings-24."""

from __future__ import annotations

import datetime
import json
import statistics
import time
from collections.abc import Callable
from pathlib import Path
from typing import Final

from bench.report import Bound, Figure, Reach, Results
from passbook.document.documents import Hints, parse_document
from passbook.document.import_profile import Imports
from passbook.document.placing import place
from spooler.shipped import shipped_imports, shipped_layouts

ENTRIES: Final = 384
LONGEST_READING: Final = 20.0
"""Milliseconds of a processor that reading and placing may take."""
_REPEATS: Final = 50
_CSV: Final = "passbook-update+csv"
_JSON: Final = "passbook-update+json"
_LAYOUT: Final = "savings-24"
_BOOK: Final = "# layout: savings-24\n# account: 4711\n# currency: EUR\n# start: page 1 line 1\n"


def measure(_folder: Path, *, quick: bool) -> Results:
    """The median time of each format; a document is read anew each time."""
    repeats = 3 if quick else _REPEATS
    layout, imports = shipped_layouts()[_LAYOUT], Imports(shipped_imports())
    figures = []
    for what, format_name, data, hints in _documents(imports):

        def work(format_name: str = format_name, data: bytes = data, hints: Hints = hints) -> None:
            document = parse_document(format_name, data, ENTRIES, hints)
            place(document, layout, codec="cp858", code_page="cp858")

        figures.append(Figure(what, _median(work, repeats), "ms", reach=Reach(Bound.MOST, LONGEST_READING)))
    return Results("Documents", tuple(figures), notes=_NOTES)


def _median(work: Callable[[], None], repeats: int) -> float:
    times = []
    for _ in range(repeats):
        begun = time.thread_time()
        work()
        times.append((time.thread_time() - begun) * 1000)
    return statistics.median(times)


def _documents(imports: Imports) -> list[tuple[str, str, bytes, Hints]]:
    """What is measured: its words, its format, its bytes, and what is said of it."""
    days = [datetime.date(2025, 1, 1) + datetime.timedelta(days=number) for number in range(ENTRIES)]
    rows = [(day, f"Entry {number:03}", 1000 * number + 5) for number, day in enumerate(days, 1)]
    plain = "".join(f"{day},{text},{cents // 100}.{cents % 100:02},,9067.95\n" for day, text, cents in rows)
    german = "".join(
        f"{day:%d.%m.%Y};{text};{f'{cents // 100:,}'.replace(',', '.')},{cents % 100:02};;9.067,95\n"
        for day, text, cents in rows
    )
    entries = [
        {"date": f"{day}", "text": text, "withdrawal": f"{cents // 100}.{cents % 100:02}", "balance": "9067.95"}
        for day, text, cents in rows
    ]
    start = {"page": 1, "line": 1}
    update = {"layout": _LAYOUT, "account": "4711", "currency": "EUR", "start": start, "entries": entries}
    header = "date,text,withdrawal,deposit,balance\n"
    by_profile = _BOOK + header.replace(",", ";") + german
    return [
        ("CSV", _CSV, (_BOOK + header + plain).encode(), Hints(imports)),
        (
            "CSV by an import profile",
            _CSV,
            by_profile.encode(),
            Hints(imports, "german-excel"),
        ),
        ("JSON", _JSON, json.dumps(update).encode(), Hints(imports)),
    ]


_NOTES: Final = (
    (
        f"{ENTRIES} entries on {_LAYOUT} are read and placed in this process, {_REPEATS} times; values are medians of "
        "processor time."
    ),
)
