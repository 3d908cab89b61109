"""Wide letters in the columns of a book: they wrap and are cut by cells, and are never cut in half."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from passbook.document.characters import CodePageText, usual_cells
from passbook.document.documents import PassbookUpdate, parse_document
from passbook.document.layout_file import parse_layout
from passbook.document.placing import place
from passbook.document.plan import Line
from passbook.errors import PassbookError
from tests.passbook.strategies import layout_bytes

CSV = """# layout: savings-24
# account: 1
# currency: JPY
# start: page 1 line 1
date,text,withdrawal,deposit,balance
2026-03-01,{text},,100,100
"""


def printed(text: str, overflow: str) -> list[list[tuple[int, str, bool]]]:
    """The runs of the column of texts, 5 cells from cell 12, on each line."""
    shipped = layout_bytes("savings-24").decode()
    data = shipped.replace(
        'name = "text"\nstart = 12\nwidth = 14', f'name = "text"\nstart = 12\nwidth = 5\noverflow = "{overflow}"'
    )
    assert data != shipped
    layout = parse_layout("savings-24", data.encode(), "savings-24.toml")
    document = parse_document("passbook-update+csv", CSV.format(text=text).encode())
    assert isinstance(document, PassbookUpdate)
    plan = place(document, layout, codec="cp932", code_page="shift-jis", has_wide=True)
    return [
        [(run.column, run.text, run.wide) for run in step.runs if 12 <= run.column < 17]
        for step in plan
        if isinstance(step, Line)
    ]


@pytest.mark.parametrize(
    ("fill", "printed"), [("\uff0a", "\uff0a\uff0a\uff0a100"), ("*", "******100"), ("★", "★★★100")]
)
def test_a_wide_fill_takes_the_cells_that_are_there(fill: str, printed: str) -> None:
    data = layout_bytes("savings-24").decode() + f'\n[amounts]\nfill = "{fill}"\n'
    layout = parse_layout("savings-24", data.encode(), "savings-24.toml")
    document = parse_document("passbook-update+csv", CSV.format(text="a").encode())
    plan = place(document, layout, codec="cp932", code_page="shift-jis", has_wide=True)
    runs = [run for step in plan if isinstance(step, Line) for run in step.runs]
    assert "".join(run.text for run in runs if 37 <= run.column < 46) == printed


@pytest.mark.parametrize(
    ("dates", "cells"),
    [
        ('pattern = "GGY.M.D"\ncalendar = "japanese"', 12),
        ('pattern = "Y年M月D日"\ncalendar = "japanese"', 12),
    ],
)
def test_the_column_of_days_has_the_cells_of_the_widest_day(dates: str, cells: int) -> None:
    narrow = layout_bytes("savings-24").decode() + f"\n[dates]\n{dates}\n"
    with pytest.raises(PassbookError) as caught:
        parse_layout("savings-24", narrow.encode(), "savings-24.toml")
    assert f"column date, width: it is 10; allowed are {cells} or more" in str(caught.value)
    wide = narrow.replace("start = 12\nwidth = 14", "start = 14\nwidth = 12").replace("width = 10", "width = 12", 1)
    layout = parse_layout("savings-24", wide.encode(), "savings-24.toml")
    text = CSV.replace("2026-03-01", "1988-12-31").format(text="a")
    document = parse_document("passbook-update+csv", text.encode())
    assert place(document, layout, codec="cp932", code_page="shift-jis", has_wide=True)


@pytest.mark.parametrize(
    ("text", "overflow", "lines"),
    [
        ("東京電力", "wrap", [[(12, "東京", True)], [(12, "電力", True)]]),
        ("A東京B", "wrap", [[(12, "A", False), (13, "東京", True)], [(12, "B", False)]]),
        ("東京電力", "cut", [[(12, "東京", True)]]),
        ("ﾌﾘｺﾐ 東京", "wrap", [[(12, "ﾌﾘｺﾐ", False)], [(12, "東京", True)]]),
    ],
)
def test_wide_letters_are_counted_by_cells(text: str, overflow: str, lines: object) -> None:
    assert printed(text, overflow) == lines


KANJI = CodePageText("cp932", "shift-jis", has_wide=True)
SINGLE = [CodePageText(codec, codec) for codec in ("cp437", "cp858", "cp866", "cp874", "cp1250")]
kanji_text = st.text([one for one in map(chr, range(0x20, 0xD800)) if one.isprintable() and KANJI.has(one)], max_size=8)


@given(kanji_text, st.sampled_from("普カＡ"), kanji_text)
def test_a_layout_counts_the_cells_of_a_text_with_kanji_as_its_printer_does(before: str, sign: str, after: str) -> None:
    text = before + sign + after
    assert usual_cells(text) == KANJI.cells(text)


@pytest.mark.long
@given(st.data(), st.sampled_from(SINGLE))
def test_a_layout_counts_one_cell_for_each_sign_of_a_code_page_of_single_bytes(
    data: st.DataObject, page: CodePageText
) -> None:
    text = data.draw(st.text(st.characters(codec=page.codec, categories=["L", "M", "N", "P", "S"]).filter(page.has)))
    assert usual_cells(text) == page.cells(text) == len(text)


@pytest.mark.parametrize("sign", ["※", "○", "●", "★", "→", "①"])
def test_a_sign_that_only_printers_of_kanji_have_takes_two_cells_alone_too(sign: str) -> None:
    assert usual_cells(sign) == KANJI.cells(sign) == 2


def test_a_heading_of_signs_that_is_too_long_is_refused_before_a_book_goes_in() -> None:
    text = '{ line = 1, start = 5, text = "※※" }, { line = 1, start = 8, text = "x" }'
    data = layout_bytes("savings-24").decode().replace("cpi", f"heading = [{text}]\ncpi", 1)
    with pytest.raises(PassbookError, match=r"heading 2.*begins at cell 8 over heading 1"):
        parse_layout("savings-24", data.encode(), "savings-24.toml")
