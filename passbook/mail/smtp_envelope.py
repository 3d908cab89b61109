"""The arguments of MAIL and RCPT: the address and the parameters of SIZE, 8BITMIME and DSN (RFC 5321, 1870, 3461).

Between appliances RCPT has two more: `XFORM=certificate:2` asks whether so many sheets of that form are there, and
`XFORMAT=form:certificate` whether the printer prints that format, and that layout where the document names one.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Final, NamedTuple

from passbook.document.documents import FORMAT_NAME
from passbook.document.layout import LAYOUT_NAME
from passbook.document.layout_parts import FIELD_NAME
from passbook.job.mailed import Notify

FORM_WORD: Final = "XFORM"
"""The keyword and the parameter by which an appliance is asked for forms."""
FORMAT_WORD: Final = "XFORMAT"
"""The keyword and the parameter by which an appliance is asked for a format and a layout."""
LONGEST_ENVELOPE_ID: Final = 100
"""Characters of ENVID (RFC 3461, 4.4)."""
LONGEST_ORIGINAL: Final = 500
"""Characters of ORCPT (RFC 3461, 4.2)."""

_PATH: Final = re.compile(r"(?P<word>FROM|TO):\s*<(?P<address>[^<>]*)>(?:\s+(?P<parameters>.*))?", re.IGNORECASE)
_XTEXT: Final = re.compile(r"(?:[!-*,-<>-~]|\+[0-9A-F]{2})+")
_ENCODED: Final = re.compile(r"\+([0-9A-F]{2})")
_ORIGINAL: Final = re.compile(rf"[A-Za-z0-9-]+;{_XTEXT.pattern}")
_FORM: Final = re.compile(rf"(?P<form>{FIELD_NAME})?:(?P<sheets>[0-9]{{1,4}})")
_FORMAT: Final = re.compile(rf"(?P<format>{FORMAT_NAME.pattern})(?::(?P<layout>{LAYOUT_NAME.pattern}))?")
_SIZE: Final = re.compile(r"[0-9]{1,20}")
_BODIES: Final = frozenset({"7BIT", "8BITMIME"})


class Misread(Exception):  # noqa: N818  # its text is the reply
    """A command that cannot be taken; the text is the reply."""


class SenderPath(NamedTuple):
    """What MAIL says: the address, empty for the null sender, and the options of notifications."""

    address: str
    envelope_id: str = ""
    wants_headers: bool = False


class Need(NamedTuple):
    """What a document needs where it is printed; empty and 0 where that is not asked.

    Attributes:
        format: its format.
        layout: the layout that it names itself.
        form: the kind of its sheets in stock.
        sheets: so many of them.
    """

    format: str = ""
    layout: str = ""
    form: str = ""
    sheets: int = 0


class RecipientPath(NamedTuple):
    """What RCPT says: the address, the wanted notifications, the first sender's address, and the document's need."""

    address: str
    notify: tuple[Notify, ...] = ()
    original: str = ""
    need: Need = Need()


def read_sender(arg: str, size_limit: int) -> SenderPath:
    """The argument of MAIL, for a message of at most `size_limit` bytes.  Raises Misread."""
    address, parameters = _path("FROM", arg)
    for name, value in parameters.items():
        match name:
            case "SIZE" if _SIZE.fullmatch(value):
                if int(value) > size_limit:
                    raise Misread(f"552 5.3.4 A message may have {size_limit} bytes.")
            case "BODY" if value.upper() in _BODIES:
                pass
            case "RET" if value.upper() in {"FULL", "HDRS"}:
                pass
            case "ENVID" if _XTEXT.fullmatch(value) and len(value) <= LONGEST_ENVELOPE_ID:
                pass
            case "AUTH":
                pass  # a claim of another system, which proves nothing here
            case "SIZE" | "BODY" | "RET" | "ENVID":
                raise Misread(f"501 5.5.4 The value of {name} is not possible.")
            case _:
                raise Misread("555 5.5.4 A parameter of MAIL is not known here.")
    return SenderPath(address, parameters.get("ENVID", ""), parameters.get("RET", "").upper() == "HDRS")


def read_recipient(arg: str) -> RecipientPath:
    """The argument of RCPT.  Raises Misread."""
    address, parameters = _path("TO", arg)
    if not parameters.keys() <= {"NOTIFY", "ORCPT", FORM_WORD, FORMAT_WORD}:
        raise Misread("555 5.5.4 A parameter of RCPT is not known here.")
    words = parameters["NOTIFY"].upper().split(",") if "NOTIFY" in parameters else []
    if not set(words) <= {one.value for one in Notify} or ("NEVER" in words and len(words) > 1):
        raise Misread("501 5.5.4 The value of NOTIFY is not possible.")
    original = parameters.get("ORCPT", "")
    if "ORCPT" in parameters and not (_ORIGINAL.fullmatch(original) and len(original) <= LONGEST_ORIGINAL):
        raise Misread("501 5.5.4 The value of ORCPT is not possible.")
    return RecipientPath(address, tuple(Notify(word) for word in dict.fromkeys(words)), original, _need(parameters))


def xtext(text: str) -> str:
    """A text as the value of ENVID, and behind the type of ORCPT (RFC 3461, 4)."""
    return "".join(char if _XTEXT.fullmatch(char) else f"+{ord(char):02X}" for char in map(chr, text.encode()))


def read_xtext(value: str) -> str:
    """The text that a value of ENVID or ORCPT says; the value itself where it is no xtext or no printable ASCII."""
    text = _ENCODED.sub(lambda found: chr(int(found[1], 16)), value)
    is_sound = _XTEXT.fullmatch(value) and text.isascii() and text.isprintable()
    return text if is_sound else value


def need_parameters(need: Need, known: Callable[[str], bool]) -> list[str]:
    """The parameters of RCPT that ask for a need; `known` says whether the other side knows a keyword."""
    told = [f"{FORM_WORD}={need.form}:{need.sheets}"] if need.form and known(FORM_WORD) else []
    layout = f":{need.layout}" if need.layout else ""
    return [*told, f"{FORMAT_WORD}={need.format}{layout}"] if need.format and known(FORMAT_WORD) else told


def _need(parameters: Mapping[str, str]) -> Need:
    """The need that parameters of RCPT tell.  Raises Misread."""
    need = Need()
    if FORM_WORD in parameters:
        form = _FORM.fullmatch(parameters[FORM_WORD])
        if form is None:
            raise Misread(f"501 5.5.4 The value of {FORM_WORD} is not possible.")
        need = need._replace(form=form["form"] or "", sheets=int(form["sheets"]))
    if FORMAT_WORD in parameters:
        told = _FORMAT.fullmatch(parameters[FORMAT_WORD])
        if told is None:
            raise Misread(f"501 5.5.4 The value of {FORMAT_WORD} is not possible.")
        need = need._replace(format=told["format"], layout=told["layout"] or "")
    return need


def _path(word: str, arg: str) -> tuple[str, dict[str, str]]:
    """The address and the parameters of MAIL or RCPT, names in upper case.  Raises Misread."""
    found = _PATH.fullmatch(arg.strip())
    if found is None or found["word"].upper() != word:
        raise Misread(f"501 5.5.2 Write {'MAIL' if word == 'FROM' else 'RCPT'} {word}:<address>.")
    parameters: dict[str, str] = {}
    for one in (found["parameters"] or "").split():
        name, _, value = one.partition("=")
        if name.upper() in parameters:
            raise Misread("501 5.5.4 A parameter stands there twice.")
        parameters[name.upper()] = value
    return found["address"], parameters
