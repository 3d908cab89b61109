"""Profiles of mechanisms, as an installer edits them."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator

from drivers.dialects.escpos import slip_commands
from drivers.dialects.escpos.escpos_profile import EscposProfile, load_escpos
from drivers.dialects.pr2.commands import encode_line, set_up
from drivers.dialects.pr2.geometry import TOP_UNIT
from drivers.dialects.pr2.pr2_profile import Pr2Profile, load_pr2
from passbook.document.plan import Line, Run, Sheet
from passbook.errors import PassbookError


def check(data: bytes) -> None:
    """Any bytes are `profile-malformed`, or a profile that can say every number that it holds."""
    with malformed_or_not():
        _set_up_slip(load_escpos(data, "drawn.toml"))
    with malformed_or_not():
        _set_up_book(load_pr2(data, "drawn.toml"))


@contextlib.contextmanager
def malformed_or_not() -> Iterator[None]:
    """Pass over the one error that a profile may have."""
    try:
        yield
    except PassbookError as error:
        assert error.code == "profile-malformed"


def _set_up_slip(profile: EscposProfile) -> None:
    for page in profile.code_pages:
        for pitch in profile.pitches:
            slip_commands.slip_set_up(profile, Sheet(12_000, cpi=pitch.cpi), page)


def _set_up_book(profile: Pr2Profile) -> None:
    for code in range(256):
        profile.stop_reason(code)
        profile.media(code)
    for pitch in profile.pitches:
        sheet = Sheet(42_000, cpi=pitch.cpi)
        for page in profile.code_pages:
            set_up(profile, sheet, page)
            line = Line(1, 1, profile.form.top_of_form * TOP_UNIT, (Run(pitch.columns, "a"),))
            encode_line(profile, sheet, page, line)
