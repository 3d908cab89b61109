from __future__ import annotations

import base64
from contextlib import suppress
from email.message import EmailMessage
from email.policy import SMTP

import pytest
from hypothesis import given
from hypothesis import strategies as st

from passbook.errors import PassbookError
from passbook.mail.message_reading import (
    LONGEST_CONTENT_HEADER,
    LONGEST_HEADERS,
    MOST_HOPS,
    MOST_LINES,
    MOST_MULTIPARTS,
    MOST_PARTS,
    MailMessage,
    read_message,
    take_out,
)
from passbook.mail.part_formats import MIME_TYPES, PART_FORMATS
from passbook.protocol.naming import NAME_LIMIT
from tests.passbook.mail.messages import CSV, UPDATE, holder, message, part

FILE = "Content-Disposition: attachment; filename=file.txt"
CODECS_THAT_RAISE = ["undefined", "idna", "unicode_escape", "no-such"]


def read(body: bytes, *headers: str) -> MailMessage:
    return read_message(message(body, *headers))


def documents(body: bytes) -> list[tuple[int, str, bytes]]:
    return [(one.number, one.format, one.document) for one in read(body).parts]


def refused(body: bytes, *headers: str) -> PassbookError:
    with pytest.raises(PassbookError) as caught:
        read(body, *headers)
    return caught.value


# What prints


@pytest.mark.parametrize(("kind", "format_"), PART_FORMATS.items())
def test_the_type_of_a_part_names_its_format(kind: str, format_: str) -> None:
    assert documents(part(kind, b"abc")) == [(1, format_, b"abc\r\n")]
    assert documents(part(kind.upper() + '; name="a b"', b"abc")) == [(1, format_, b"abc\r\n")]


def test_each_format_is_sent_under_a_type_that_is_read_as_that_format() -> None:
    assert {PART_FORMATS[kind]: kind for kind in MIME_TYPES.values()} == dict(MIME_TYPES)


def test_every_part_of_a_known_type_is_a_document_of_its_own() -> None:
    body = holder([part(content=b"cover"), part(UPDATE, CSV), part("text/plain", b"two", FILE)])
    assert documents(body) == [(2, "passbook-update+csv", CSV), (3, "text", b"two")]


def test_a_cover_note_prints_only_where_it_is_the_sole_part() -> None:
    assert documents(part()) == [(1, "text", b"abc\r\n")]
    assert documents(holder([part()])) == [(1, "text", b"abc")]
    assert refused(holder([part(), part()])).code == "mail-empty"
    assert documents(holder([part(), part("text/plain", b"two", FILE)])) == [(2, "text", b"two")]


def test_of_alternatives_the_last_known_one_is_taken() -> None:
    assert documents(holder([part(UPDATE, CSV), part("text/html")], "alternative")) == [(1, "passbook-update+csv", CSV)]
    assert documents(holder([part(), part(UPDATE, CSV)], "alternative"))[0][0] == 2
    # The text that a mail program sends beside its own picture of it is the sole part.
    assert documents(holder([part(), part("text/html")], "alternative")) == [(1, "text", b"abc")]
    related = holder([part("text/html"), part("image/png")], "related", "inner")
    assert documents(holder([part(content=b"x"), related], "alternative", "outer")) == [(1, "text", b"x")]
    assert refused(holder([part("text/html"), part("image/png")], "alternative")).code == "mail-part-unknown"


def test_nested_parts_are_numbered_as_they_stand() -> None:
    inner = holder([part(content=b"cover"), part("text/html")], "alternative", "inner")
    body = holder([inner, part(UPDATE, CSV)], "mixed", "outer")
    assert documents(body) == [(3, "passbook-update+csv", CSV)]


def test_an_unknown_part_is_refused_by_its_name_and_type() -> None:
    named = part("image/png", b"x", 'Content-Disposition: attachment; filename="logo.png"')
    error = refused(holder([part(UPDATE, CSV), named]))
    assert (error.code, error.facts["part"], error.facts["kind"]) == ("mail-part-unknown", "logo.png", "image/png")
    assert refused(holder([part(), part("image/png")])).facts["part"] == "part 2"
    assert refused(part("message/rfc822", part())).code == "mail-part-unknown"


@pytest.mark.parametrize(
    "body", [part("message/rfc822", part()), holder([part(), part("image/png")]), holder([part()] * 2)]
)
def test_a_message_that_prints_nowhere_here_may_have_any_parts_and_is_judged_otherwise(body: bytes) -> None:
    told = read_message(message(body, "Message-ID: <a@b>", "Passbook-Trace: a.example"), prints=False)
    assert (told.message_id, told.trace, told.parts) == ("<a@b>", ("a.example",), ())
    with pytest.raises(PassbookError) as caught:
        read_message(message(body) + b"\n", prints=False)
    assert caught.value.code == "mail-malformed"
    damaged = part("text/plain", b"!", "Content-Transfer-Encoding: base64")
    with pytest.raises(PassbookError) as other:
        read_message(message(damaged), prints=False)
    assert other.value.code == "mail-part-damaged"
    assert read_message(message(part(UPDATE, CSV)), prints=False) == read(part(UPDATE, CSV))


# Encodings


@pytest.mark.parametrize(
    ("charset", "raw"),
    [("utf-8", "Müller €"), ("iso-8859-15", "Müller €"), ("windows-1252", "Müller €"), ("iso-8859-1", "Müller")],
)
def test_text_is_utf_8_whatever_its_charset(charset: str, raw: str) -> None:
    content = raw.encode(charset)
    assert documents(part(f"text/plain; charset={charset}", content, "Content-Transfer-Encoding: 8bit"))[0][2] == (
        f"{raw}\r\n".encode()
    )


def test_text_without_a_charset_is_read_as_utf_8() -> None:
    assert documents(part("text/plain", "Müller".encode()))[0][2] == "Müller\r\n".encode()
    assert documents(part("text/plain; charset=us-ascii", "Müller".encode()))[0][2] == "Müller\r\n".encode()
    assert refused(part("text/plain", b"\xff")).code == "mail-part-damaged"


@pytest.mark.parametrize("charset", ["utf-7", "utf-16", "cp037", "rot13", "x" * 100, *CODECS_THAT_RAISE])
def test_a_charset_that_is_not_listed_is_refused(charset: str) -> None:
    assert refused(part(f"text/plain; charset={charset}")).code == "mail-part-damaged"


@pytest.mark.parametrize("content", [b"YWJj", b"YWJ\r\nj", b"", base64.encodebytes(b"x" * 200).replace(b"\n", b"\r\n")])
def test_base64_is_decoded(content: bytes) -> None:
    encoded = part(UPDATE, content, "Content-Transfer-Encoding: BASE64")
    assert documents(encoded)[0][2] == base64.b64decode(content)


@pytest.mark.parametrize("content", [b"YWJ", b"YW=j", b"YW-j", b"YWJj!", b"Y", "YWJé".encode(), b"YWJjY==="])
def test_damaged_base64_is_refused_and_not_guessed(content: bytes) -> None:
    encoded = part(UPDATE, content, "Content-Transfer-Encoding: base64")
    assert refused(encoded).code == "mail-part-damaged"


def test_an_unknown_transfer_encoding_is_refused() -> None:
    for encoding in ("x-uuencode", "uuencode", "gzip", "\xff"):
        assert refused(part(UPDATE, CSV, f"Content-Transfer-Encoding: {encoding}")).code == "mail-part-damaged"


def test_quoted_printable_is_decoded() -> None:
    encoded = part("text/plain; charset=utf-8", b"M=C3=BCller =\r\nAG", "Content-Transfer-Encoding: quoted-printable")
    assert documents(encoded)[0][2] == "Müller AG\r\n".encode()


@given(st.text(st.characters(codec="utf-8", categories=["L", "N", "P", "Zs"]), min_size=1))
@pytest.mark.parametrize("encoding", ["base64", "quoted-printable"])
def test_a_text_of_the_standard_library_comes_out_as_it_went_in(encoding: str, text: str) -> None:
    mail = EmailMessage(policy=SMTP)
    mail.set_content(text, cte=encoding)
    [found] = read_message(mail.as_bytes()).parts
    assert found.document.decode().rstrip("\r\n") == text


# Headers


def test_the_headers_that_lists_show_are_decoded() -> None:
    found = read(
        part(),
        "Message-ID: <1@a.example>",
        "Subject: =?utf-8?q?M=C3=BCller?=\r\n  zwei",
        "From: =?iso-8859-1?q?M=FCller?= <a@b.example>",
        "Date: Mon, 02 Mar 2026 23:30:00 -0500",
        "Passbook-Trace: one.example two.example",
    )
    assert (found.message_id, found.subject, found.date) == ("<1@a.example>", "Müller zwei", "2026-03-02")
    assert found.author == "Müller <a@b.example>"
    assert found.trace == ("one.example", "two.example")


@pytest.mark.parametrize(("names", "is_told"), [(60, True), (61, True), (64, False), (99, False), (5000, False)])
def test_a_trace_is_told_whole_or_refused(names: int, *, is_told: bool) -> None:
    """One that is cut would hide the appliance where the mail is for the second time."""
    trace = [f"a{number:04}.exam" for number in range(names)]
    if is_told:
        assert read(part(), f"Passbook-Trace: {' '.join(trace)}").trace == tuple(trace)
    else:
        assert refused(part(), f"Passbook-Trace: {' '.join(trace)}").code == "mail-loop"


@pytest.mark.parametrize(
    ("told", "unproven"), [("unproven", True), (" unproven ", True), ("proven", False), ("", False)]
)
def test_an_appliance_says_that_a_sender_proved_nothing(told: str, *, unproven: bool) -> None:
    assert read(part(), f"Passbook-Sender: {told}").unproven is unproven
    assert read(part(), "Passbook-Sender: other", f"passbook-sender: {told}").unproven is unproven


def test_a_message_of_too_many_lines_is_refused() -> None:
    assert read(part(content=b"a\r\n" * (MOST_LINES - 5))).parts
    assert refused(part(content=b"\r\n" * MOST_LINES)).code == "mail-malformed"


def test_8_bit_headers_are_shown_as_far_as_they_can_be() -> None:
    found = read(part(), "Subject: Mü\xff\ud83e"[:-1], "From: ü@ü", "Message-ID: <ü@a>")
    assert found.subject.startswith("M")
    assert found.subject.isprintable()
    assert found.message_id == ""


@pytest.mark.parametrize(
    "date", ["", "yesterday", "32 Mar 2026 10:00:00 +0100", "Mon, 02 Mar 99999 10:00:00", "1 " * 500]
)
def test_a_date_that_cannot_be_read_is_none(date: str) -> None:
    assert read(part(), f"Date: {date}").date == ""


@pytest.mark.parametrize("name", ["", "1@a", "<1@a> <2@a>", "<a b>", "<>", f"<{'a' * 251}>", "<a\tb>"])
def test_a_message_id_that_is_none_is_empty(name: str) -> None:
    assert read(part(), f"Message-ID: {name}").message_id == ""


@pytest.mark.parametrize("charset", ["é", *CODECS_THAT_RAISE])
def test_an_encoded_word_of_an_unknown_charset_stays_as_it_is_written(charset: str) -> None:
    assert read(part(), f"Subject: =?{charset}?q?abc?=").subject
    assert len(read(part(), "Subject: " + f"=?{charset}?q?a?= " * 300).subject) <= NAME_LIMIT


@pytest.mark.parametrize("charset", CODECS_THAT_RAISE)
def test_a_parameter_in_a_charset_that_raises_is_an_error_of_the_catalogue(charset: str) -> None:
    name = f"Content-Disposition: attachment; filename*={charset}''a%ff"
    boundary = b"Content-Type: multipart/mixed; boundary*=%s''a\r\n\r\n--a\r\n%s\r\n--a--" % (charset.encode(), part())
    for body in (part("text/plain", b"abc", name), boundary):
        for reader in (read_message, take_out):
            with suppress(PassbookError):
                reader(message(body))


# What no well-formed message is


@pytest.mark.parametrize("data", [b"\n", b"\r", b"a\n.\nb", b"a\r.\rb", b"a\r\r\nb", b"\n\r", b"a\r\n.\n", b"a\0"])
def test_bare_cr_and_lf_and_zero_bytes_are_refused(data: bytes) -> None:
    assert refused(part(content=data)).code == "mail-malformed"
    assert refused(part(), f"X: {data.decode()}").code == "mail-malformed"


def test_headers_of_a_megabyte_are_refused() -> None:
    assert refused(part(), *["X: " + "y" * 900] * 1200).code == "mail-malformed"
    assert refused(part(), "X: y\r\n" + " z\r\n" * (LONGEST_HEADERS // 4) + " z").code == "mail-malformed"
    assert read(part(), *["X: " + "y" * 900] * 60).parts


def test_a_long_header_about_content_is_refused_before_it_is_parsed() -> None:
    assert refused(part("text/plain; " + "a=b;" * (LONGEST_CONTENT_HEADER // 4))).code == "mail-malformed"
    assert refused(part("text/plain;" + "\r\n a=b;" * (LONGEST_CONTENT_HEADER // 4))).code == "mail-malformed"


@pytest.mark.parametrize("count", [MOST_PARTS, MOST_PARTS + 1, 1000])
def test_parts_are_counted(count: int) -> None:
    body = holder([part("text/plain", b"x", FILE)] * count)
    if count <= MOST_PARTS:
        assert len(documents(body)) == count
    else:
        assert refused(body).code == "mail-malformed"


@pytest.mark.parametrize("depth", [MOST_MULTIPARTS, MOST_MULTIPARTS + 1, 100])
def test_the_depth_of_parts_is_bounded(depth: int) -> None:
    body = part(UPDATE, CSV)
    for level in range(depth):
        body = holder([body], "mixed", f"b{level}")
    if depth <= MOST_MULTIPARTS:
        assert documents(body) == [(1, "passbook-update+csv", CSV)]
    else:
        assert refused(body).code == "mail-malformed"


@pytest.mark.parametrize("count", [21, 100, 5000])
def test_messages_inside_of_messages_are_counted_too(count: int) -> None:
    assert refused(b"Content-Type: message/rfc822\r\n\r\n" * count + part()).code == "mail-malformed"


@pytest.mark.parametrize(
    "body",
    [
        b"Content-Type: multipart/mixed; boundary=a\r\n\r\n",
        b"Content-Type: multipart/mixed\r\n\r\n--a\r\n\r\nx\r\n--a--",
        b"Content-Type: multipart/mixed; boundary=a\r\n\r\n--b\r\n\r\nx\r\n--b--",
    ],
)
def test_a_part_that_holds_parts_must_have_some(body: bytes) -> None:
    assert refused(body).code == "mail-malformed"


def test_a_message_that_was_handed_on_too_often_goes_in_a_circle() -> None:
    assert read(part(), *["Received: x"] * MOST_HOPS).parts
    assert refused(part(), *["Received: x"] * (MOST_HOPS + 1)).code == "mail-loop"


@given(st.binary(max_size=200) | st.binary(max_size=60).map(lambda raw: part("text/plain", raw)))
def test_any_bytes_are_a_message_or_an_error_of_the_catalogue(data: bytes) -> None:
    try:
        found = read_message(data)
    except PassbookError as error:
        assert error.code in {"mail-malformed", "mail-part-unknown", "mail-part-damaged", "mail-empty", "mail-loop"}
    else:
        assert found.parts
