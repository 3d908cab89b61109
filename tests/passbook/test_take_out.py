from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from passbook.errors import PassbookError
from passbook.mail.message_reading import read_message, take_out

LINES = st.sampled_from(
    [
        b"Content-Type: text/csv",
        b"Content-Type: image/png; name=a",
        b"Content-Type: multipart/mixed; boundary=b",
        b"Content-Disposition: attachment",
        b"Content-Transfer-Encoding: base64",
        b"--b",
        b"--b--",
        b"YQ==",
        b"",
    ]
)
MAILS = st.lists(LINES, max_size=20).map(b"\r\n".join)


@given(st.binary(max_size=200) | MAILS)
def test_any_bytes_are_documents_or_an_error_of_the_catalogue(data: bytes) -> None:
    try:
        parts, others = take_out(data)
    except PassbookError:
        return
    assert parts
    assert all(one.isprintable() for one in others)


@given(MAILS)
def test_all_that_an_appliance_prints_of_a_mail_is_taken_out(data: bytes) -> None:
    try:
        printed = read_message(data).parts
    except PassbookError:
        return
    parts, others = take_out(data)
    assert [(one.number, one.format, one.document) for one in parts] == [
        (one.number, one.format, one.document) for one in printed
    ]
    assert others == ()
