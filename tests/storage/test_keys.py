from __future__ import annotations

import pytest

from passbook.errors import PassbookError
from storage.crypto.keys import ApplianceKey, joined, mac

SECRET = bytes(range(32))


def test_every_purpose_has_a_key_of_its_own() -> None:
    key = ApplianceKey(SECRET)
    keys = {getattr(key, name) for name in ApplianceKey.__slots__}
    assert len(keys) == len(ApplianceKey.__slots__)
    assert SECRET not in keys


@pytest.mark.parametrize("data", [SECRET, SECRET.hex().encode(), SECRET.hex().upper().encode() + b"\n"])
def test_a_key_file_holds_raw_bytes_or_hexadecimal_digits(data: bytes) -> None:
    assert ApplianceKey.from_file(data).row == ApplianceKey(SECRET).row


@pytest.mark.parametrize("data", [b"", b"short", SECRET + b"x", SECRET.hex().encode()[:-1], b"g" * 64])
def test_any_other_key_file_is_refused(data: bytes) -> None:
    with pytest.raises(PassbookError) as caught:
        ApplianceKey.from_file(data)
    assert caught.value.code == "key-malformed"


def test_raw_keys_may_contain_white_space() -> None:
    secret = b"\n" + SECRET[1:-1] + b" "
    assert ApplianceKey.from_file(secret).row == ApplianceKey(secret).row


def test_parts_of_a_mac_do_not_run_into_each_other() -> None:
    assert joined("a", "bc") != joined("ab", "c")
    assert mac(SECRET, "a", "bc") != mac(SECRET, "ab", "c")


def test_equal_contents_of_two_requests_have_different_digests() -> None:
    key = ApplianceKey(SECRET)
    digests = {
        key.content_mac("t", "1", b"same"),
        key.content_mac("t", "2", b"same"),
        key.content_mac("u", "1", b"same"),
    }
    assert len(digests) == 3
    assert ApplianceKey(bytes(32)).content_mac("t", "1", b"same") not in digests
