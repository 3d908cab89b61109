from __future__ import annotations

import string

import pytest
from hypothesis import given
from hypothesis import strategies as st

from passbook.errors import PassbookError
from passbook.mail.mail_address import LONGEST_ADDRESS, LONGEST_LOCAL, MailAddress, parse_mail_address

LOCALS = st.text(string.ascii_letters + string.digits + "!#$%&'*+/=?^_`{|}~-", min_size=1, max_size=20)
LABELS = st.text(string.ascii_letters + string.digits, min_size=1, max_size=10)


@pytest.mark.slow
@given(st.lists(LOCALS, min_size=1, max_size=3).map(".".join), st.lists(LABELS, min_size=1, max_size=4).map(".".join))
def test_an_address_is_kept_but_for_the_case_of_its_domain(local: str, domain: str) -> None:
    if len(local) > LONGEST_LOCAL:
        return
    address = parse_mail_address(f"{local}@{domain}")
    assert address == MailAddress(local, domain.lower())
    assert parse_mail_address(str(address)) == address
    assert parse_mail_address(f"{local.upper()}@{domain.upper()}").key == address.key


@pytest.mark.parametrize(
    "text",
    [
        "",
        "@",
        "a@",
        "@b",
        "a",
        "a b@c",
        "a@b c",
        '"a b"@c',
        ".a@c",
        "a.@c",
        "a..b@c",
        "a@-c",
        "a@c..d",
        "a@c.",
        "a@[127.0.0.1]",
        "é@c",
        "a@é",
        "a@b@c",
        "a@c\r\nRCPT TO:<x@y>",
        "a\0@c",
        "<a@c>",
        "a" * (LONGEST_LOCAL + 1) + "@c",
        "a@" + "c" * 64,
        "a@" + ".".join(["c" * 30] * 4),
    ],
)
def test_anything_else_is_refused_with_its_code(text: str) -> None:
    with pytest.raises(PassbookError) as refused:
        parse_mail_address(text)
    assert refused.value.code == "mail-address"


def test_the_longest_address_is_taken() -> None:
    domain = ".".join(["d" * 13] * 4)
    longest = f"{'a' * LONGEST_LOCAL}@{domain}"
    assert len(longest) == LONGEST_ADDRESS
    assert str(parse_mail_address(longest)) == longest


@given(st.text(max_size=40))
def test_any_text_is_an_address_that_is_written_the_same_or_refused(text: str) -> None:
    try:
        address = parse_mail_address(text)
    except PassbookError as error:
        assert error.code == "mail-address"
    else:
        assert str(address).lower() == text.lower()
        assert address.domain == address.domain.lower()
