"""The simulator's paper file."""

from __future__ import annotations

from drivers.simulator.paper import Paper
from passbook.errors import PassbookError
from tests.fuzz.memory import file_of


def check(data: bytes) -> None:
    """Any bytes are `file-problem`, or paper on which no line was struck more often than there were strikes."""
    with file_of(data) as path:
        try:
            paper = Paper.load(path)
        except PassbookError as error:
            assert error.code == "file-problem"
            return
    for book in paper.books:
        for runs in paper.lines(book).values():
            assert all(times >= 1 for _, times in runs)
