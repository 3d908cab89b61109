"""What the tests feed to a target: any bytes, and seeds that were edited in a few places."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from hypothesis import strategies as st


class Edit(NamedTuple):
    """At a place between 0 and 1 of the whole, `dropped` bytes give way to `put`."""

    place: float
    dropped: int
    put: bytes


_EDITS = st.lists(
    st.builds(Edit, st.floats(0, 1), st.sampled_from([0, 0, 1, 1, 2, 8, 1000]), st.binary(max_size=6)), max_size=4
)


def fuzz(seeds: Sequence[bytes]) -> st.SearchStrategy[bytes]:
    """Bytes that are nothing at all, and bytes that are nearly right."""
    return st.one_of(st.binary(max_size=300), st.builds(_edited, st.sampled_from(seeds), _EDITS))


def _edited(data: bytes, edits: Sequence[Edit]) -> bytes:
    for edit in edits:
        at = int(edit.place * len(data))
        data = data[:at] + edit.put + data[at + edit.dropped :]
    return data
