from __future__ import annotations

import pytest

from passbook.errors import PassbookError
from passbook.protocol.naming import check_name, is_name


@pytest.mark.parametrize("value", ["a", "Ann Okafor", "x" * 128, "Zoë"])
def test_a_name_that_can_be_shown_is_one(value: str) -> None:
    assert is_name(value)
    check_name("person", value)


@pytest.mark.parametrize("value", ["", " ", "x" * 129, "a\nb", "\x1b[2J", "\udcff"])
def test_anything_else_is_refused_without_being_told(value: str) -> None:
    assert not is_name(value)
    with pytest.raises(PassbookError) as caught:
        check_name("person", value)
    assert (caught.value.code, str(caught.value.facts["why"])) == (
        "invalid-message",
        "person must have 1 to 128 printable characters",
    )


def test_what_may_be_left_out_may_be_empty() -> None:
    assert is_name("", least=0)
    check_name("requester", "", least=0)
