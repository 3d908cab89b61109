"""Profiles of mechanisms, as an installer edits them."""

from __future__ import annotations

import contextlib

from drivers.dialects.pr2.commands import set_up
from drivers.dialects.pr2.pr2_profile import load_pr2
from passbook.document.plan import Sheet
from passbook.errors import PassbookError


def check(data: bytes) -> None:
    """Any bytes are `profile-malformed`, or a profile with which every sheet can be set up or is refused."""
    try:
        profile = load_pr2(data, "drawn.toml")
    except PassbookError as error:
        assert error.code == "profile-malformed"
        return
    for code in range(256):
        profile.stop_reason(code)
        profile.media(code)
    for page in profile.code_pages:
        with contextlib.suppress(ValueError):
            set_up(profile, Sheet(12_000), page)
