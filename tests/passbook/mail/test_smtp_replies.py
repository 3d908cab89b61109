from __future__ import annotations

import re
from string import Formatter

import pytest

from passbook.errors import CATALOGUE, PassbookError
from passbook.errors.document_errors import DOCUMENT_ERRORS
from passbook.mail.smtp_replies import LONGEST_REPLY, MAIL_REPLIES, reply_to

OF_THE_RENDERER = {"renderer-busy", "renderer-failed", "font-not-readable"}
"""Errors of documents whose cause is the appliance: the same document is drawn when that was mended."""
PERMANENT = {
    *DOCUMENT_ERRORS.keys() - OF_THE_RENDERER,
    *("mail-address", "mail-recipient-unknown", "mail-sender-unknown", "mail-sender-foreign"),
    *("mail-malformed", "mail-part-unknown", "mail-part-damaged", "mail-empty", "mail-loop"),
    *("request-reused", "message-too-large", "mail-of-too-many-jobs"),
    *("certificate-not-accepted", "certificate-revoked"),
}
"""The fault is with the mail: the same one is never taken.  All other errors pass, or are with this appliance."""


def error_of(code: str, fact: str = "x") -> PassbookError:
    names = {name for _, name, _, _ in Formatter().parse(CATALOGUE[code].sentence) if name}
    return PassbookError(code, **dict.fromkeys(names, fact))


@pytest.mark.parametrize("code", CATALOGUE)
def test_every_error_has_a_reply_that_is_5xx_exactly_when_the_mail_is_never_taken(code: str) -> None:
    reply = reply_to(error_of(code))
    found = re.fullmatch(r"([45])\d\d ([45])\.\d\.\d{1,2} (\S+): [ -~]+", reply)
    assert found, reply
    assert found[1] == found[2] == ("5" if code in PERMANENT else "4")
    assert found[3] == code


@pytest.mark.parametrize(
    "code", ["area-full", "no-area-has-room", "area-fenced", "outcome-unknown", "appliance-locked", "internal-error"]
)
def test_a_full_fenced_or_unknown_store_is_never_permanent(code: str) -> None:
    assert reply_to(error_of(code)).startswith("45")


def test_the_table_names_errors_of_the_catalogue_alone() -> None:
    assert MAIL_REPLIES.keys() <= CATALOGUE.keys()


@pytest.mark.parametrize("fact", ["a\r\n250 OK", "a\nb", "é" * 5, "x" * 2000])
def test_a_reply_is_one_short_line_of_ascii_whatever_its_facts(fact: str) -> None:
    reply = reply_to(error_of("mail-malformed", fact))
    assert reply.isascii()
    assert reply.isprintable()
    assert len(reply) <= LONGEST_REPLY
