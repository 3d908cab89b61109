from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from client.transport import Address
from passbook.errors import PassbookError
from terminal.home import Home, parse_address


@pytest.mark.parametrize(
    ("text", "address"),
    [
        ("printer.example", Address("printer.example", 5846, "a")),
        ("10.0.0.7:5900", Address("10.0.0.7", 5900, "a")),
        ("[fd00::7]:5900", Address("fd00::7", 5900, "a")),
        ("[fd00::7]", Address("fd00::7", 5846, "a")),
    ],
)
def test_addresses(tmp_path: Path, text: str, address: Address) -> None:
    assert parse_address(text, "a") == address
    assert parse_address(str(address), "a") == address
    home = Home(tmp_path)
    home.save_address(address)
    assert home.address() == address


@pytest.mark.parametrize(
    "text", ["", ":5846", "host:", "host:0", "host:65536", "a b", "a/b", "wss://a", "fd00::7", "a:1:2"]
)
def test_what_is_no_address(text: str) -> None:
    with pytest.raises(PassbookError) as caught:
        parse_address(text, "a")
    assert caught.value.code == "appliance-unreachable"


@given(st.text(max_size=20))
def test_any_text_is_an_address_or_an_error_of_the_catalogue(text: str) -> None:
    try:
        address = parse_address(text, "a")
    except PassbookError:
        return
    assert parse_address(str(address), "a") == address


@pytest.mark.parametrize("text", [b"", b"address = 7", b"\xff", b'address = "a"\nserver_name = "b"\nmoon = 1', b"["])
def test_a_damaged_settings_file_is_named(tmp_path: Path, text: bytes) -> None:
    home = Home(tmp_path)
    home.settings.write_bytes(text)
    with pytest.raises(PassbookError) as caught:
        home.address()
    assert caught.value.facts["file"] == str(home.settings)


def test_a_terminal_that_is_not_enrolled_is_told_so(tmp_path: Path) -> None:
    with pytest.raises(PassbookError, match="not enrolled"):
        Home(tmp_path).address()
