from __future__ import annotations

from collections.abc import Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st

from passbook.errors import PassbookError
from passbook.protocol.messages import decode, read_payload
from passbook.protocol.pages import MOST_ROWS, Page, page_of


@given(st.integers(0, 3 * MOST_ROWS), st.integers(1, 2 * MOST_ROWS))
def test_pages_one_behind_the_other_are_the_whole_list(length: int, limit: int) -> None:
    found: list[int] = []
    more = True
    while more:
        page, more = page_of((row for row in range(1, length + 1) if row > len(found)), limit)
        assert len(page) == min(limit, MOST_ROWS, length - len(found))
        found += page
    assert found == list(range(1, length + 1))


def test_no_more_is_read_than_must_be() -> None:
    taken: list[int] = []

    def rows() -> Iterator[int]:
        for row in range(100):
            taken.append(row)
            yield row

    assert page_of(rows(), 3) == ((0, 1, 2), True)
    assert taken == [0, 1, 2, 3]


@pytest.mark.parametrize("payload", ['{"limit": 0}', '{"limit": -1}', '{"after": -1}', '{"page": 2}'])
def test_what_is_no_page_is_refused(payload: str) -> None:
    message = decode(f'{{"header": {{"name": "x", "type": "command"}}, "payload": {payload}}}'.encode())
    with pytest.raises(PassbookError) as caught:
        read_payload(message, Page)
    assert caught.value.code == "invalid-message"
