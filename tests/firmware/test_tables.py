from __future__ import annotations

from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from firmware.tables import HISTORY, INQUIRIES, JOBS, NOTICES, TERMINALS, printable, render

VALUES: st.SearchStrategy[Any] = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=10,
)


def test_rows_are_aligned_under_their_headings() -> None:
    rows = [
        {"job": "a1", "state": "pending", "reasons": [], "valid": True, "priority": 50},
        {"job": "b2000", "state": "processing-stopped", "reasons": ["power-loss", "media-jam"], "valid": False},
    ]
    heading, first, second = render(rows, JOBS).splitlines()
    for name, one, other in (
        ("JOB", "a1", "b2000"),
        ("STATE", "pending", "processing-stopped"),
        ("VALID", "yes", "no"),
    ):
        place = heading.index(name)
        assert first[place:].startswith(one)
        assert second[place:].startswith(other)
    assert "power-loss, media-jam" in second
    assert first.split() == ["a1", "pending", "yes", *["-"] * 6, "50", *["-"] * 5]


def test_columns_reach_into_nested_objects() -> None:
    inquiry = {
        "job": {"job": "a1", "epoch": 2, "confirmed": 11},
        "inDoubt": 12,
        "asked": True,
        "wraps": [{"blob": "x"}],
    }
    assert render([inquiry], INQUIRIES).splitlines()[1].split()[:2] == ["a1", "2"]
    told = {"area": "a", "n": 1, "entry": {"kind": "ended", "at": "T", "record": {"jobId": "a1"}}}
    assert render([told], HISTORY).splitlines()[1].split()[:5] == ["a", "1", "T", "ended", "a1"]


def test_an_object_shows_its_values_then_what_is_nested() -> None:
    text = render({"areas": [{"area": "p", "free": 3}], "appliance": "branch-17", "problems": []})
    assert text == "appliance  branch-17\nproblems   none\nareas\n  AREA  FREE\n  p     3"


def test_the_parts_of_a_row_are_columns_of_their_own() -> None:
    status = {"device": "userError", "media": "notPresent", "conditions": ["cover-open"]}
    heading, row = render([{"printer": "window-1", "status": status, "at": 3, "job": ""}]).splitlines()
    assert heading.split() == ["PRINTER", "DEVICE", "MEDIA", "CONDITIONS", "AT", "JOB"]
    assert row.split() == ["window-1", "userError", "notPresent", "cover-open", "3", "-"]


def test_nothing_is_said_to_be_none_or_in_the_sentence_that_is_given() -> None:
    assert (render([], JOBS), render({}), render(None)) == ("none", "none", "-")
    assert render([], JOBS, "There is no job.") == "There is no job."


def test_a_number_that_stands_for_never_or_none_is_a_word() -> None:
    """-1, 0 and nothing are for programs."""
    status = {"device": "offline", "media": "unknown", "conditions": []}
    told = render({"printers": [{"printer": "window-1", "status": status, "age": -1, "job": ""}]}).splitlines()
    assert told[2].split() == ["window-1", "offline", "unknown", "-", "never", "-"]
    silent = {"terminal": "t", "representative": False, "connections": 0, "silent": -1, "heardAt": "", "held": 0}
    assert render([silent], TERMINALS).splitlines()[1].split() == ["t", "no", "none", "never", "never", "-", "0", "-"]
    assert "none" in render([{"job": {"job": "a1"}, "inDoubt": 0}], INQUIRIES)
    assert "none" in render([{"job": {"job": "a1"}, "onPaper": {"inDoubt": 0}}], NOTICES)


@given(value=VALUES, columns=st.sampled_from([None, JOBS, INQUIRIES, HISTORY]))
def test_any_result_becomes_harmless_text(value: Any, columns: Any) -> None:
    text = render(value, columns)
    assert text.replace("\n", "").isprintable()


@given(text=st.text())
def test_printable_text_stays_and_nothing_else_does(text: str) -> None:
    assert printable(text).isprintable()
    assert not text.isprintable() or printable(text) == text
