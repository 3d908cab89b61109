from __future__ import annotations

from pathlib import Path

import pytest

from passbook.document.documents import Hints, StartLine, parse_document
from passbook.document.import_profile import Imports, parse_import
from passbook.document.layout_file import parse_layout
from passbook.document.placing import place
from passbook.document.plan import Line
from passbook.errors import PassbookError
from spooler.shipped import shipped_imports, shipped_layouts
from tests.cases.expected import IMPORTED, IMPORTED_REFUSED, PRINTED, REFUSED, TEXTS, Row

FOLDER = Path(__file__).parent / "documents"
FORMATS = {".csv": "passbook-update+csv", ".json": "passbook-update+json", ".txt": "text"}
LAYOUTS = shipped_layouts()
COLUMNS = ((1, 10, False), (12, 14, False), (27, 9, True), (37, 9, True), (47, 10, True))
"""Of savings-24: first cell, cells, and whether texts stand at the right."""
BOOK = {"95-384-entries-whole-book.csv", "landp-23.toml"}


def printed(file: str, said: Hints, above: str = "") -> dict[tuple[int, int], tuple[tuple[int, str], ...]]:
    """Page and line -> the texts that are struck there, each with its first cell."""
    data = above.encode() + (FOLDER / file).read_bytes()
    document = parse_document(FORMATS[Path(file).suffix], data, hints=said)
    start = StartLine(1, 1) if above else None
    plan = place(document, LAYOUTS[document.layout], codec="cp858", code_page="cp858", start=start)
    return {
        (step.page, step.line): tuple((run.column, run.text) for run in step.runs)
        for step in plan
        if isinstance(step, Line)
    }


def placed(rows: tuple[Row, ...]) -> dict[tuple[int, int], tuple[tuple[int, str], ...]]:
    """The same for rows from page 1 line 1 on."""
    return {
        (1, line): tuple(
            (first + (cells - len(text) if right else 0), text)
            for text, (first, cells, right) in zip(row, COLUMNS, strict=True)
            if text
        )
        for line, row in enumerate(rows, 1)
    }


def named(profile: str) -> Hints:
    """The words about a document of which a person names this import profile."""
    known = shipped_imports()
    if profile not in known:
        known["test"] = parse_import("test", profile.encode(), "test.toml")
    return Hints(Imports(known), profile if profile in known else "test")


def test_every_document_of_the_folder_is_decided() -> None:
    decided = PRINTED.keys() | REFUSED.keys() | TEXTS.keys() | BOOK
    assert {path.name for path in FOLDER.iterdir()} == decided
    assert IMPORTED.keys() | IMPORTED_REFUSED.keys() <= decided


@pytest.mark.parametrize("file", PRINTED)
def test_a_document_with_one_reading_is_printed_as_a_person_reads_it(file: str) -> None:
    assert printed(file, Hints()) == placed(PRINTED[file])


@pytest.mark.parametrize("file", IMPORTED)
def test_a_document_is_printed_as_its_import_profile_says(file: str) -> None:
    profile, rows, above = IMPORTED[file]
    assert printed(file, named(profile), above) == placed(rows)


@pytest.mark.parametrize("file", REFUSED)
def test_any_other_document_is_refused_by_a_sentence_that_says_how_to_mend_it(file: str) -> None:
    with pytest.raises(PassbookError) as caught:
        printed(file, Hints())
    assert str(caught.value) == REFUSED[file]


@pytest.mark.parametrize("file", IMPORTED_REFUSED)
def test_a_document_that_is_not_written_as_its_import_profile_says_is_refused(file: str) -> None:
    profile, sentence = IMPORTED_REFUSED[file]
    with pytest.raises(PassbookError) as caught:
        printed(file, named(profile))
    assert str(caught.value) == sentence


@pytest.mark.parametrize("file", TEXTS)
def test_a_text_is_printed_line_by_line(file: str) -> None:
    assert printed(file, Hints()) == {(1, line): ((1, text),) for line, text in TEXTS[file].items()}


def test_a_whole_book_of_entries_is_printed_on_sixteen_pages() -> None:
    lines = printed("95-384-entries-whole-book.csv", Hints())
    assert list(lines) == [(page, line) for page in range(1, 17) for line in range(1, 25)]
    assert lines[1, 1] == ((1, "2024-01-01"), (12, "Entry 001"), (31, "10.00"), (50, "1000.00"))
    assert lines[16, 24] == ((1, "2025-01-18"), (12, "Entry 384"), (41, "20.00"), (50, "2910.00"))


def test_the_layout_of_the_folder_is_read() -> None:
    layout = parse_layout("landp-23", (FOLDER / "landp-23.toml").read_bytes(), "landp-23.toml")
    assert (layout.lines_per_page, layout.pages, layout.cpi) == (19, (1, 12), 12)
