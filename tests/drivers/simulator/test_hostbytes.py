from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from drivers.dialects.pr2.commands import encode_line, set_up
from drivers.dialects.pr2.pr2_profile import builtin_pr2
from drivers.simulator.hostbytes import LONGEST_LIST, Control, HostCommand, HostParser, Item, Reading, Text
from tests.drivers.workbench import SHEET, line

PR2 = builtin_pr2()
CLEAN_UP = PR2.clean_up.encode()

host_bytes = st.lists(
    st.sampled_from([b"\x1b", b"\x1b/", b"\x1bH", b"\x1bt", b"\x1bQ", b"\x1d", b"\x7f", b"\r", b"A", b"0", b"Z"])
    | st.binary(max_size=4)
).map(b"".join)


def items(data: bytes, parser: HostParser | None = None) -> list[Item]:
    parser = parser or HostParser()
    return [item for item in map(parser.feed, data) if item is not None]


@pytest.mark.parametrize(
    ("data", "item"),
    [
        (b"A", Text(0x41)),
        (b"\xd5", Text(0xD5)),
        (b"\r", Control(13)),
        (b"\x7f", Control(127)),
        (b"\x1bj", HostCommand("j")),
        (b"\x1b B", HostCommand(" ", b"B")),
        (b"\x1b/10421", HostCommand("/", b"10421")),
        (b"\x1bH040", HostCommand("H", b"040")),
        (b"\x1bQ036\x1bZ", HostCommand("Q", b"036")),
        (b"\x1bt12345\x1d", HostCommand("t", b"12345")),
        (b"\x1bt\x1bO\r\x1d", HostCommand("t", b"\x1bO\r")),
        (b"\x1b\x1bO", HostCommand("O")),
        (b"\x1bH\x7f\x1b0", HostCommand("H", b"\x7f\x1b0")),
    ],
)
def test_each_kind_of_item_is_read(data: bytes, item: Item) -> None:
    assert items(data) == [item]


def test_all_that_a_session_sends_is_understood() -> None:
    encoded = encode_line(PR2, SHEET, "cp858", line(1))
    read = items(set_up(PR2, SHEET, "cp858") + encoded.position + encoded.text + encoded.strike)
    letters = "".join(item.letter for item in read if isinstance(item, HostCommand))
    assert letters == "nlSQTM&J<|[./HHH"
    assert read[-1] == Control(13)


@given(host_bytes)
def test_any_bytes_are_taken_and_little_is_kept(data: bytes) -> None:
    parser = HostParser()
    for item in items(data, parser):
        if isinstance(item, HostCommand):
            assert len(item.parameters) <= LONGEST_LIST
    assert parser.reading in Reading


@given(host_bytes)
def test_after_any_bytes_a_clean_up_leads_to_the_ground_and_asks_for_the_identity_last(data: bytes) -> None:
    parser = HostParser()
    items(data, parser)
    read = items(CLEAN_UP, parser)
    assert parser.reading is Reading.GROUND
    assert read[-1] == HostCommand("Z")
    assert Control(0x7F) in read
    assert HostCommand("l") in read


@given(host_bytes)
def test_no_clean_up_completes_a_command_that_moves_or_strikes(data: bytes) -> None:
    parser = HostParser()
    items(data, parser)
    for item in items(CLEAN_UP, parser):
        assert not isinstance(item, Text)
        if isinstance(item, HostCommand):
            assert item.letter not in "O\\"
            assert item.letter not in "/LI" or not item.parameters.isdigit()
        assert item not in [Control(code) for code in b"\n\r\x0c"]
