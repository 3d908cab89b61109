from __future__ import annotations

from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from drivers.dialects.escpos.slip_answers import STATUS_BYTES, AutomaticStatus, RealTimeStatus, SlipReader
from drivers.frame_reading import Garbage

real_time = st.integers(0, 255).map(lambda bits: bits & 0b0110_1100 | 0b0001_0010)
others = st.integers(0, 255).map(lambda bits: bits & 0b0110_1111)
automatic = st.builds(
    lambda first, rest: bytes([first & 0b0110_1100 | 0b0001_0000, *rest]),
    st.integers(0, 255),
    st.lists(others, min_size=3, max_size=3),
)
answers = real_time.map(lambda bits: bytes([bits])) | automatic
noise = st.lists(answers | st.binary(max_size=3)).map(b"".join)


def read_whole(data: bytes) -> list[object]:
    return SlipReader().feed(data)


def answer_of(data: bytes) -> object:
    return RealTimeStatus(*data) if len(data) == 1 else AutomaticStatus(*data)


def bytes_of(answer: object) -> bytes:
    match answer:
        case RealTimeStatus(bits):
            return bytes([bits])
        case AutomaticStatus():
            return bytes([answer.printer, answer.errors, answer.sensors, answer.slip])
        case Garbage(data):
            return data
        case _:
            raise AssertionError(answer)


@given(st.lists(answers))
def test_answers_in_a_row_are_all_read(row: list[bytes]) -> None:
    assert read_whole(b"".join(row)) == [answer_of(data) for data in row]


@given(noise, st.lists(st.integers(0, 60)))
def test_every_split_of_any_bytes_gives_the_same_answers(data: bytes, cuts: list[int]) -> None:
    reader = SlipReader()
    found: list[object] = []
    edges = sorted({0, len(data), *(cut for cut in cuts if cut < len(data))})
    for start, end in pairwise(edges):
        found += reader.feed(data[start:end])
    assert found == read_whole(data)


@given(noise)
def test_no_byte_is_lost_and_none_invented(data: bytes) -> None:
    reader = SlipReader()
    read = b"".join(bytes_of(answer) for answer in reader.feed(data))
    assert data.startswith(read)
    assert reader.partial is (read != data)
    assert len(data) - len(read) < STATUS_BYTES


@given(automatic, st.integers(1, 3), answers)
def test_an_answer_cut_short_is_garbage_and_the_next_one_is_read(broken: bytes, kept: int, whole: bytes) -> None:
    *garbage, last = read_whole(broken[:kept] + whole)
    assert last == answer_of(whole)
    assert [answer.data for answer in garbage if isinstance(answer, Garbage)] == [broken[:kept]]


@given(automatic, st.integers(1, 3))
def test_an_automatic_status_without_its_head_is_garbage(whole: bytes, lost: int) -> None:
    assert all(isinstance(answer, Garbage) for answer in read_whole(whole[lost:]))


def test_no_byte_of_no_answer_is_shown() -> None:
    assert "4711" not in repr(read_whole(b"4711"))


def test_bits_are_those_of_the_manual() -> None:
    [offline, selected, loaded, pulled, deselected] = [
        answer
        for data in (
            b"\x18\x00\x00\x00",
            b"\x10\x00\x60\x02",
            b"\x10\x00\x00\x00",
            b"\x10\x00\x60\x00",
            b"\x10\x00\x00\x01",
        )
        for answer in read_whole(data)
        if isinstance(answer, AutomaticStatus)
    ]
    assert offline.is_offline
    assert not loaded.is_offline
    assert selected.is_slip_selected
    assert not deselected.is_slip_selected
    assert [answer.has_slip for answer in (loaded, selected, pulled, deselected)] == [True, False, False, False]
