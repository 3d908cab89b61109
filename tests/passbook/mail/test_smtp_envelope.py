"""The parameter of RCPT by which an appliance is asked for forms."""

from __future__ import annotations

import pytest

from passbook.mail.smtp_envelope import Misread, read_recipient


def test_a_recipient_may_say_which_forms_it_takes() -> None:
    told = read_recipient("TO:<window-1@branch.example> XFORM=certificate:2")
    assert (told.form, told.sheets) == ("certificate", 2)
    assert (read_recipient("TO:<window-1@branch.example>").form, told.original) == ("", "")


@pytest.mark.parametrize(
    "value", ["certificate", "certificate:", "certificate:x", "certificate:99999", "Certificate:1", "a b:1", "-a:1"]
)
def test_forms_that_cannot_be_are_refused(value: str) -> None:
    with pytest.raises(Misread):
        read_recipient(f"TO:<window-1@branch.example> XFORM={value}")
