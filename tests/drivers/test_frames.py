from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from drivers.dialects.pr2.frames import LARGEST_FRAME, DocumentStatus, FrameReader, Identity, Status
from drivers.frame_reading import Garbage

EXAMPLES: list[tuple[bytes, object]] = [
    (b"\x1br0", Status(ord("0"))),
    (b"\x1brq", Status(ord("q"))),
    (b"\x1bB52\x1bZ", DocumentStatus(ord("5"), ord("2"))),
    (b"\x1b/7", Identity(ord("7"))),
]

noise = st.lists(st.sampled_from(list(b"\x1b\x1c\x1drRBbsSpZj/57\x00\xff 0")) | st.integers(0, 255)).map(bytes)
examples = st.sampled_from(EXAMPLES)


def read_whole(data: bytes) -> list[object]:
    return FrameReader().feed(data)


def bytes_of(frame: object) -> bytes:
    match frame:
        case Garbage(data):
            return data
        case DocumentStatus(device, position):
            return b"\x1bB" + bytes([device, position]) + b"\x1bZ"
        case Status(code):
            return b"\x1br" + bytes([code])
        case Identity(code):
            return b"\x1b/" + bytes([code])
        case _:
            raise AssertionError(frame)


@pytest.mark.parametrize(("data", "frame"), EXAMPLES)
def test_each_frame_is_read(data: bytes, frame: object) -> None:
    assert read_whole(data) == [frame]


@given(st.lists(examples))
def test_frames_in_a_row_are_all_read(row: list[tuple[bytes, object]]) -> None:
    assert read_whole(b"".join(data for data, _ in row)) == [frame for _, frame in row]


@given(noise, st.lists(st.integers(0, 400)))
def test_every_split_of_any_bytes_gives_the_same_frames(data: bytes, cuts: list[int]) -> None:
    reader = FrameReader()
    frames: list[object] = []
    edges = sorted({0, len(data), *(cut for cut in cuts if cut < len(data))})
    for start, end in pairwise(edges):
        frames += reader.feed(data[start:end])
    assert frames == read_whole(data)


@given(noise)
def test_no_byte_is_lost_and_none_invented(data: bytes) -> None:
    reader = FrameReader()
    read = b"".join(bytes_of(frame) for frame in reader.feed(data))
    assert data.startswith(read)
    assert reader.partial is (read != data)
    assert len(data) - len(read) < LARGEST_FRAME


@given(examples, st.data())
def test_a_prefix_of_a_frame_is_no_frame(example: tuple[bytes, object], data: st.DataObject) -> None:
    prefix = example[0][: data.draw(st.integers(0, len(example[0]) - 1))]
    reader = FrameReader()
    assert reader.feed(prefix) == []
    assert reader.partial is bool(prefix)


@given(examples, st.data(), examples)
def test_a_frame_cut_short_is_garbage_and_the_next_one_is_read(
    broken: tuple[bytes, object], data: st.DataObject, whole: tuple[bytes, object]
) -> None:
    cut = data.draw(st.integers(1, len(broken[0]) - 1))
    *garbage, last = read_whole(broken[0][:cut] + whole[0])
    assert last == whole[1]
    assert garbage
    assert all(isinstance(frame, Garbage) for frame in garbage)


def test_an_endless_frame_is_given_up() -> None:
    reader = FrameReader()
    frames = reader.feed(b"\x1bB" + b"1" * 10_000)
    assert all(isinstance(frame, Garbage) for frame in frames)
    assert not reader.partial


def test_answers_that_are_never_asked_for_are_garbage_and_hide_no_frame() -> None:
    *garbage, last = read_whole(b"\x1bs;4711?\x1c\x1bb1.00E;\x1bZ\x1bS0421\x1br0")
    assert last == Status(ord("0"))
    assert all(isinstance(frame, Garbage) for frame in garbage)
    assert "4711" not in repr(read_whole(b"\x1bB4711\x1bZ"))
