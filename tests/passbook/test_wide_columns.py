"""Wide letters in the columns of a book: they wrap and are cut by cells, and are never cut in half."""

from __future__ import annotations

import pytest

from passbook.document.documents import PassbookUpdate, parse_document
from passbook.document.layout_file import parse_layout
from passbook.document.placing import place
from passbook.document.plan import Line
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
