"""A target that breaks on purpose, to see that a finding is found and kept."""

from __future__ import annotations


def check(data: bytes) -> None:
    """No bytes hold an asterisk, which is not true."""
    assert b"*" not in data
