"""Plans as they are sealed."""

from __future__ import annotations

from passbook.document.plan import decode_plan, encode_plan


def check(data: bytes) -> None:
    """Any bytes are a plan that encodes to an equal one, or one of the two errors that the codec names."""
    try:
        plan = decode_plan(data)
    except (ValueError, RecursionError):
        return
    assert decode_plan(encode_plan(plan)) == plan
