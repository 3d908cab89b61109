"""What a request to accept a job says of itself: each field that says nothing possible is refused."""

from __future__ import annotations

from typing import Any

import pytest

from passbook.errors import PassbookError
from passbook.protocol.messages import SubmitJob
from passbook.protocol.submit_check import check_request


def request(**facts: Any) -> SubmitJob:
    known = {"client_request": "r-1", "name": "Statement Okafor", "document_date": "2026-03-02", "key": bytes(32)}
    return SubmitJob(**({"printer": "front", "format": "text"} | known | facts))


@pytest.mark.parametrize(
    "facts",
    [
        {"client_request": ""},
        {"client_request": "r" * 129},
        {"key_ref": "k\n"},
        {"name": "n" * 129},
        {"name": "a\x1b[2J"},
        {"document_date": "2026-02-30"},
        {"document_date": "02.03.2026"},
        {"document_date": "20260302"},
        {"document_date": "2026-03-02T10:00"},
        {"document_date": "٢٠٢٦-03-02"},
        {"application": "a" * 129},
        {"import_name": "\x07"},
        {"book_secrets": (b"short",)},
    ],
)
def test_a_field_that_says_nothing_possible_is_refused(facts: dict[str, Any]) -> None:
    with pytest.raises(PassbookError) as caught:
        check_request(request(**facts))
    assert caught.value.code == "invalid-message"


@pytest.mark.parametrize("size", [1, 31, 33])
def test_a_key_of_another_size_is_refused(size: int) -> None:
    with pytest.raises(PassbookError) as caught:
        check_request(request(key=bytes(size)))
    assert (caught.value.code, caught.value.facts["expected"]) == ("key-malformed", "32 bytes")


@pytest.mark.parametrize("facts", [{}, {"key": b""}, {"name": "", "document_date": ""}, {"key_ref": "anna"}])
def test_fields_that_are_possible_or_absent_are_taken(facts: dict[str, Any]) -> None:
    check_request(request(**facts))
