"""A message as bytes in, its documents and the few headers that lists show out.

The standard library's parser does the work.  It is quadratic in the length of a Content-Type and in the depth of
nesting, so both are bounded by a scan before it reads anything.  No header is read further than LONGEST_SHOWN.
"""

from __future__ import annotations

import binascii
import re
from collections.abc import Callable, Iterator
from email.errors import MessageError
from email.header import decode_header, make_header
from email.message import Message
from email.parser import BytesParser
from email.policy import compat32
from email.utils import parsedate_to_datetime
from functools import partial
from typing import Final, TypeVar

from passbook.errors import PassbookError, shown
from passbook.mail.part_formats import CHARSETS, COVER_TYPE, PART_FORMATS
from passbook.protocol.confidential import Confidential
from passbook.protocol.naming import NAME_LIMIT

LONGEST_HEADERS: Final = 64 * 1024
"""Bytes of the header block of a message."""
LONGEST_CONTENT_HEADER: Final = 2048
"""Bytes of one header about content, with its folded lines."""
MOST_MULTIPARTS: Final = 20
"""Parts that hold parts; a mail program nests three or four."""
MOST_PARTS: Final = 100
"""Parts that hold none."""
MOST_LINES: Final = 65_536
"""Lines of a message: the parser takes longer for a line than for its bytes."""
MOST_HOPS: Final = 50
"""Received headers; a message with more goes in a circle (RFC 5321, 6.3)."""
LONGEST_SHOWN: Final = 998
"""Characters of a header that are read: one line (RFC 5322, 2.1.1)."""
TRACE_HEADER: Final = "Passbook-Trace"
"""Names the appliances that handed a message on, the first one first."""
LONGEST_TRACE: Final = 700
"""Characters of TRACE_HEADER; with the longest name behind it, it is still one line of mail."""
LONGEST_MESSAGE: Final = 2 * 1024 * 1024
"""Bytes of a message: the largest document in base64, and as much again for others."""
TRACE_ROOM: Final = 8 * 1024
"""Bytes of LONGEST_MESSAGE and LONGEST_HEADERS that are left to the lines of the systems that hand a message on."""
TRACE_LINES: Final = 200
"""Lines of MOST_LINES that are left to them."""
SENDER_HEADER: Final = "Passbook-Sender"
"""Says UNPROVEN where the appliance that took the message in had no proof of its sender."""
UNPROVEN: Final = "unproven"
"""The value of SENDER_HEADER."""
PART_HEADER: Final = "Passbook-Part"
"""The number that the sole part had in the mail from which an appliance took it, for a substitute."""

T = TypeVar("T")
# A pattern that begins with one byte is found four times faster, and no other thread runs meanwhile.
_CONTENT: Final = re.compile(rb"\n[Cc][Oo][Nn][Tt][Ee][Nn][Tt]-[^\r\n]*(?:\r\n[ \t][^\r\n]*)*")
_TRACE: Final = re.compile(rb"\n%s:" % TRACE_HEADER.encode(), re.IGNORECASE)
_BY: Final = re.compile(r"(?:^|\s)by\s{1,10}(\S+)", re.IGNORECASE)
_MESSAGE_ID: Final = re.compile(r"<[!-;=?-~]{1,250}>")


class MailPart(Confidential, frozen=True):
    """One document of a mail.

    Attributes:
        number: its place among the parts that hold no parts, from 1.
        title: its name for people: the file name, or the MIME type.
        format: format of a document.
        document: its decoded bytes; text is UTF-8.
    """

    number: int
    title: str
    format: str
    document: bytes


class MailMessage(Confidential, frozen=True):
    """One message.

    Attributes:
        message_id: with its angle brackets; empty where it has none that can be read.
        subject: decoded, for lists; empty for none.
        author: the From header, decoded; never an authority.
        date: ISO date of the Date header; empty for none.
        trace: the appliances that handed it on, the first one first.
        was_part: what PART_HEADER says; 0 for nothing.
        received_by: the mail systems that its Received headers name, in lower case.
        unproven: SENDER_HEADER says that its sender proved nothing.
        parts: the documents to print.
    """

    message_id: str
    subject: str
    author: str
    date: str
    trace: tuple[str, ...]
    was_part: int
    received_by: frozenset[str]
    unproven: bool
    parts: tuple[MailPart, ...]


def read_message(data: bytes, *, goes_on: bool = False, prints: bool = True) -> MailMessage:
    """The message that the bytes after DATA hold; one that `goes_on` must leave room for the lines of its way.

    Where no part `prints` here, parts may have any type, and the message has none for the reader.

    Raises PassbookError `mail-malformed`, `mail-part-unknown`, `mail-part-damaged`, `mail-empty`, `mail-loop` or
    `message-too-large`; nothing else, for any bytes.  Takes time in proportion to the number of bytes.
    """
    return _parsed(data, partial(_read, prints=prints), goes_on=goes_on)


def _parsed(data: bytes, read: Callable[[Message], T], *, goes_on: bool = False) -> T:
    """The result of `read` for the message.  Raises PassbookError `mail-malformed`, and what `read` raises."""
    _judge_shape(data, goes_on=goes_on)
    try:
        return read(BytesParser(policy=compat32).parsebytes(data))
    except (LookupError, MessageError, ValueError):
        # A parameter may name any codec of Python as its charset, and some raise whatever they are given.
        raise _malformed("the parameters of a header cannot be decoded") from None


def _read(message: Message, *, prints: bool) -> MailMessage:
    if len(message.get_all("Received", ())) > MOST_HOPS:
        raise PassbookError("mail-loop", why=f"it was handed on more than {MOST_HOPS} times")
    leaves = list(_numbered(message))
    return MailMessage(
        message_id=_message_id(message),
        subject=_shown_header(message, "Subject"),
        author=_shown_header(message, "From"),
        date=_date(message),
        trace=_trace(message),
        was_part=int(part) if re.fullmatch(r"[0-9]{1,3}", part := _shown_header(message, PART_HEADER), re.ASCII) else 0,
        received_by=_received_by(message),
        unproven=UNPROVEN in map(str.strip, map(str, message.get_all(SENDER_HEADER, ()))),
        parts=_documents_of(message, leaves, prints=prints),
    )


def take_out(data: bytes) -> tuple[tuple[MailPart, ...], tuple[str, ...]]:
    """The documents of a message, and the titles of its other parts, which are not printed.

    Raises PassbookError as read_message does, but not for a part of an unknown type.
    """
    return _parsed(data, _taken_out)


def _taken_out(message: Message) -> tuple[tuple[MailPart, ...], tuple[str, ...]]:
    numbered = list(enumerate(_numbered(message), 1))
    prints = [(number, part) for number, part in numbered if _is_printed(part, alone=len(numbered) == 1)]
    if not prints:
        raise PassbookError("mail-empty")
    others = tuple(_title(part, number) for number, part in numbered if not _is_printed(part, alone=True))
    return tuple(_document(part, number) for number, part in prints), others


def _judge_shape(data: bytes, *, goes_on: bool) -> None:
    """Refuse what no well-formed message is, and what would cost the parser more than its length."""
    headers = data.partition(b"\r\n\r\n")[0]
    # The first appliance leaves room for all that follow; they find its trace, and take what it took.
    room, lines = (TRACE_ROOM, TRACE_LINES) if goes_on and not _TRACE.search(b"\n" + headers) else (0, 0)
    if len(data) > LONGEST_MESSAGE - room:
        raise PassbookError("message-too-large", limit=LONGEST_MESSAGE - room)
    if not data.count(b"\r\n") == data.count(b"\r") == data.count(b"\n"):
        raise _malformed("a line ends with CR or LF alone")
    if b"\0" in data:
        raise _malformed("it has a zero byte")
    if len(headers) > LONGEST_HEADERS - room:
        raise _malformed(f"its headers have more than {LONGEST_HEADERS - room} bytes")
    if data.count(b"\n") > MOST_LINES - lines:
        raise _malformed(f"it has more than {MOST_LINES - lines} lines")
    multiparts = 0
    for found in _CONTENT.finditer(b"\n" + data):
        header = found[0][1:].lower()
        if len(header) > LONGEST_CONTENT_HEADER:
            raise _malformed(f"a header about content has more than {LONGEST_CONTENT_HEADER} bytes")
        multiparts += b"boundary" in header or b"message/" in header
    if multiparts > MOST_MULTIPARTS:
        raise _malformed(f"it has more than {MOST_MULTIPARTS} parts that hold parts")


def _malformed(why: str) -> PassbookError:
    return PassbookError("mail-malformed", why=why)


def _numbered(message: Message) -> Iterator[Message]:
    """The parts that hold no parts, in order.  Raises PassbookError for too many, or for parts without an end."""
    count = 0
    for part in message.walk():
        if part.is_multipart() and part.get_content_maintype() == "multipart":
            continue
        if part.get_content_maintype() == "multipart":
            raise _malformed("a part that holds parts has none")
        count += 1
        if count > MOST_PARTS:
            raise _malformed(f"it has more than {MOST_PARTS} parts")
        yield part


def _documents_of(message: Message, leaves: list[Message], *, prints: bool) -> tuple[MailPart, ...]:
    """The documents of a message; none where nothing of it prints here and it has other parts."""
    try:
        return tuple(_documents(message, leaves))
    except PassbookError as error:
        if prints or error.code not in {"mail-part-unknown", "mail-empty"}:
            raise
        return ()


def _documents(message: Message, leaves: list[Message]) -> Iterator[MailPart]:
    """The parts that print, each decoded."""
    wanted = _chosen(message)
    numbers = {id(part): number for number, part in enumerate(leaves, 1)}
    prints = [part for part in wanted if len(wanted) == 1 or not _is_cover(part)]
    for part in prints:
        if part.get_content_type() not in PART_FORMATS:
            kind = shown(part.get_content_type())
            raise PassbookError("mail-part-unknown", part=_title(part, numbers[id(part)]), kind=kind)
    if not prints:
        raise PassbookError("mail-empty")
    for part in prints:
        yield _document(part, numbers[id(part)])


def _is_printed(part: Message, *, alone: bool) -> bool:
    return part.get_content_type() in PART_FORMATS and (alone or not _is_cover(part))


def _document(part: Message, number: int) -> MailPart:
    return MailPart(number, _title(part, number), PART_FORMATS[part.get_content_type()], _decoded(part, number))


def _chosen(part: Message) -> list[Message]:
    """The parts without parts that count: of alternatives only the last one of which every part is known."""
    if part.get_content_maintype() != "multipart":
        return [part]
    several = [_chosen(one) for one in part.get_payload() if isinstance(one, Message)]
    if part.get_content_subtype() != "alternative" or not several:
        return [leaf for leaves in several for leaf in leaves]
    known = [leaves for leaves in several if all(leaf.get_content_type() in PART_FORMATS for leaf in leaves)]
    return known[-1] if known else several[0]


def _is_cover(part: Message) -> bool:
    """Whether it is the text that a person reads in the mail program."""
    is_file = part.get_content_disposition() == "attachment" or part.get_filename() is not None
    return part.get_content_type() == COVER_TYPE and not is_file


def _title(part: Message, number: int) -> str:
    name = part.get_filename()
    return shown(name) if isinstance(name, str) and name.strip() else f"part {number}"


def _decoded(part: Message, number: int) -> bytes:
    """The bytes of a part, text as UTF-8.  Raises PassbookError `mail-part-damaged`."""
    encoding = str(part.get("Content-Transfer-Encoding", "7bit")).strip().lower()
    raw = part.get_payload(decode=True)
    if encoding not in {"7bit", "8bit", "binary", "base64", "quoted-printable"} or not isinstance(raw, bytes):
        raise _damaged(part, number, "its transfer encoding is unknown")
    if encoding == "base64":
        try:
            raw = binascii.a2b_base64(_lines(part), strict_mode=True)
        except ValueError:
            raise _damaged(part, number, "its base64 cannot be decoded") from None
    if part.get_content_maintype() != "text":
        return raw
    charset = _charset(part)
    if charset not in CHARSETS:
        raise _damaged(part, number, "its charset is not known here")
    # A program that names no charset, or the narrowest one, mostly writes UTF-8.
    try:
        return raw.decode("utf-8" if charset == "us-ascii" else charset).encode()
    except UnicodeError:
        raise _damaged(part, number, f"it is not {charset}") from None


def _lines(part: Message) -> bytes:
    payload = part.get_payload()
    return str(payload).encode("ascii", "replace").replace(b"\r", b"").replace(b"\n", b"")


def _charset(part: Message) -> str:
    try:
        return (part.get_content_charset() or "us-ascii").lower()
    except (LookupError, ValueError):
        return ""


def _damaged(part: Message, number: int, why: str) -> PassbookError:
    return PassbookError("mail-part-damaged", part=_title(part, number), why=why)


def _message_id(message: Message) -> str:
    found = _MESSAGE_ID.fullmatch(str(message.get("Message-ID", "")).strip()[:LONGEST_SHOWN])
    return found[0] if found else ""


def _trace(message: Message) -> tuple[str, ...]:
    """The appliances that handed the message on.  Raises PassbookError `mail-loop` for more than can be told."""
    line = _line(message, TRACE_HEADER)
    if len(line) > LONGEST_TRACE or len(str(message.get(TRACE_HEADER, ""))) > LONGEST_SHOWN:
        # A trace that is cut would hide the appliances at its end.
        raise PassbookError("mail-loop", why=f"its trace has more than {LONGEST_TRACE} characters")
    return tuple(line.split())


def _received_by(message: Message) -> frozenset[str]:
    """The mail systems that say that they received the message (RFC 5321, 4.4)."""
    lines = (str(one)[:LONGEST_SHOWN] for one in message.get_all("Received", ()))
    return frozenset(found[1].lower() for line in lines if (found := _BY.search(line)))


def _shown_header(message: Message, name: str) -> str:
    """A header as people read it, on one line; what cannot be shown is left out."""
    return _line(message, name)[:NAME_LIMIT].strip()


def _line(message: Message, name: str) -> str:
    """A header, decoded, on one line and printable."""
    raw = str(message.get(name, ""))[:LONGEST_SHOWN]
    try:
        text = str(make_header(decode_header(raw)))
    except (LookupError, MessageError, ValueError):
        text = raw
    return one_line(text, LONGEST_SHOWN)


def one_line(text: str, most: int = NAME_LIMIT) -> str:
    """The text as a list shows it: on one line, at most so long, and without characters that cannot be shown."""
    return "".join(filter(str.isprintable, " ".join(text.split())))[:most].strip()


def _date(message: Message) -> str:
    try:
        return parsedate_to_datetime(str(message.get("Date", ""))[:LONGEST_SHOWN]).date().isoformat()
    except (TypeError, ValueError, IndexError, OverflowError):
        return ""
