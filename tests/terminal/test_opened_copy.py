from __future__ import annotations

import secrets

import pytest
from msgspec.structs import replace

from passbook.document.layout_parts import Fold
from passbook.errors import PassbookError
from passbook.protocol.two_spools import SealedCopy
from passbook.screen.page_rows import page_rows
from terminal.keyring import KeyRing, new_recovery_key
from terminal.opened_copy import open_pages
from terminal.preview_text import caption
from tests.passbook.strategies import SAVINGS
from tests.terminal.sealed import sealed_copy

KEY, OTHER = secrets.token_bytes(32), secrets.token_bytes(32)
RING = KeyRing({"key-a": KEY})
COPY = sealed_copy("aa11", {"key-a": KEY})


def refusal(copy: SealedCopy, ring: KeyRing = RING, key_ref: str = "", job: str = "aa11") -> str:
    with pytest.raises(PassbookError) as caught:
        open_pages(job, copy, ring, key_ref)
    assert "Salary" not in str(caught.value)
    return caught.value.code


def test_the_key_that_the_job_names_opens_its_pages() -> None:
    assert [page.number for page in open_pages("aa11", COPY, RING)] == [3, 4]
    assert open_pages("aa11", COPY, KeyRing({"mine": KEY}), "mine") == open_pages("aa11", COPY, RING)


def test_a_recovery_key_opens_it_too() -> None:
    private, public = new_recovery_key()
    copy = sealed_copy("aa11", {"key-a": KEY}, recovery=public)
    ring = KeyRing(recovery={"old": new_recovery_key()[0], "branch": private})
    assert len(open_pages("aa11", copy, ring)) == 2
    assert len(open_pages("aa11", copy, ring, "branch")) == 2
    assert refusal(copy, ring, "old") == "wrong-key"


def test_nothing_opens_without_its_key() -> None:
    assert refusal(COPY, KeyRing()) == "key-not-in-ring"
    assert refusal(COPY, RING, "key-z") == "key-not-in-ring"
    assert refusal(COPY, KeyRing({"key-a": OTHER})) == "wrong-key"
    assert refusal(sealed_copy("aa11", {})) == "no-key-to-show"


@pytest.mark.parametrize(
    "lie",
    [
        {"format": "text"},
        {"layout": "savings-25"},
        {"cpi": 12},
        {"height": 1},
        {"identity": b"[]"},
        {"identity": b"[" * 100_000},
        {"content": b"\xff" * 40},
        {"wraps": b"\x91" * 100_000},
    ],
)
def test_a_copy_that_is_not_what_was_sealed_is_refused(lie: dict[str, object]) -> None:
    assert refusal(replace(COPY, **lie)) == "sealed-damaged"


def test_another_job_is_not_shown_as_this_one() -> None:
    assert refusal(sealed_copy("bb22", {"key-a": KEY})) == "sealed-damaged"
    assert refusal(replace(sealed_copy("bb22", {"key-a": KEY}), identity=COPY.identity)) == "wrong-key"


@pytest.mark.parametrize("width", [80, 40])
def test_a_page_stands_on_a_screen_as_it_will_on_paper(width: int) -> None:
    third, fourth = (page_rows(page, width) for page in open_pages("aa11", COPY, RING))
    assert max(map(len, (*third, *fourth))) <= width
    assert third[12] == "    - - - fold - - -"
    assert third[22].startswith(" 22 |2026-02-02 Salary Jan.")
    assert len(third) == 25, "24 lines and the fold between the 12th and the 13th"
    assert [row[:4] for row in fourth] == ["  1 ", "  2 "]


def test_a_screen_of_80_columns_shows_each_text_in_its_column() -> None:
    row = page_rows(open_pages("aa11", COPY, RING)[0], 80)[23].removeprefix(" 23 |")
    assert (row[:10], row[11:15], row[26:35], row[46:56]) == ("2026-02-03", "Rent", "   845.00", "   7755.55")


def test_a_layout_that_was_changed_since_is_told_and_the_fold_stays_where_it_was() -> None:
    then = SAVINGS.sheet.fold
    changed = replace(COPY, book=replace(SAVINGS, usual_page=replace(SAVINGS.usual_page, fold=Fold(12, 12, 3060))))
    for copy in (changed, replace(COPY, book=None)):
        page = open_pages("aa11", copy, RING)[0]
        assert (page.fold, [rule.line for rule in page.rules]) == (then, [22, 23, 24])
        assert "savings-24 (changed since: without its rules and edges), page 3" in caption(
            "aa11", "savings-24", page, 4
        )
    assert "changed" not in caption("aa11", "savings-24", open_pages("aa11", COPY, RING)[0], 4)
