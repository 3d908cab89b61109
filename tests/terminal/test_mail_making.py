from __future__ import annotations

import datetime as dt
from email import message_from_bytes
from email.utils import parsedate_to_datetime

from hypothesis import given
from hypothesis import strategies as st

from passbook.mail.mail_address import parse_mail_address
from passbook.mail.message_reading import read_message
from passbook.mail.part_formats import MIME_TYPES
from passbook.protocol.naming import NAME_LIMIT
from terminal.mail_making import OutgoingDocument, file_name, make_mail
from terminal.own_copy import SUFFIXES

AT = dt.datetime(2026, 3, 2, 10, tzinfo=dt.timezone(dt.timedelta(hours=1)))
ANNA = parse_mail_address("anna@bank.example")
LOCALS = st.from_regex(r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]{1,64}", fullmatch=True)


@given(
    form=st.sampled_from(sorted(SUFFIXES.values())),
    text=st.text(max_size=200),
    name=st.text(max_size=200),
    subject=st.text(max_size=300),
    local=LOCALS,
    recipients=st.lists(LOCALS, min_size=1, max_size=100),
)
def test_a_mail_is_read_as_it_was_made(
    form: str, text: str, name: str, subject: str, local: str, recipients: list[str]
) -> None:
    document = OutgoingDocument(form, text.replace("\0", "").encode(errors="replace"), name)
    to = [parse_mail_address(f"{one}@branch.example") for one in recipients]
    made = make_mail(document, ANNA, to, subject=subject, message_id=f"<{local}@a.example>", at=AT)
    made.decode("ascii")
    found = read_message(made)
    assert [(part.format, part.document) for part in found.parts] == [(form, document.data)]
    assert (found.message_id, found.author, found.date) == (f"<{local}@a.example>", str(ANNA), "2026-03-02")
    assert len(found.subject) <= NAME_LIMIT
    assert message_from_bytes(made)["To"].split(", ") == [str(one) for one in to]


def test_each_header_says_what_it_should() -> None:
    document = OutgoingDocument("pdf", b"%PDF-1.7", "Übersicht.pdf")
    made = message_from_bytes(make_mail(document, ANNA, [ANNA], subject="a\r\nBcc: b@c", message_id="<a@b>", at=AT))
    assert (made["From"], made["Subject"], made["Message-ID"]) == (str(ANNA), "a Bcc: b@c", "<a@b>")
    assert (parsedate_to_datetime(made["Date"]), made["MIME-Version"]) == (AT, "1.0")
    [_, part] = made.walk()
    assert (part.get_content_type(), part.get_payload(decode=True)) == ("application/pdf", b"%PDF-1.7")
    assert (part.get_content_disposition(), part.get_filename()) == ("attachment", "Übersicht.pdf")


def test_every_format_that_a_terminal_prints_can_be_sent() -> None:
    assert set(SUFFIXES.values()) <= set(MIME_TYPES)


@given(st.integers(1, 100), st.text(max_size=300), st.sampled_from(sorted(SUFFIXES.items())))
def test_a_part_gets_a_name_that_any_file_system_takes(number: int, title: str, kind: tuple[str, str]) -> None:
    suffix, form = kind
    name = file_name(number, title, form)
    assert name.startswith(f"{number}-")
    assert name.endswith(suffix)
    assert name.isascii()
    assert len(name) < 80
    assert not set(name) - set("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_.")
