"""A form document: the name of a form, a text for each of its fields, and the number of copies, as JSON.

    {"form": "certificate", "fields": {"holder": "Ada Okafor", "amount": "1,250.00 EUR"}, "copies": 1}

The layout of that name says which fields there are and where they stand (passbook.document.layout).
"""

from __future__ import annotations

import json
import re
from typing import Annotated, Any, Final

import msgspec

from passbook.document.characters import refuse_controls
from passbook.document.layout import LAYOUT_NAME, MOST_COPIES
from passbook.document.layout_parts import FIELD_NAME
from passbook.errors import PassbookError
from passbook.errors.decoding import complaint
from passbook.protocol.confidential import Confidential

MAX_FORM: Final = 64 * 1024
"""The most bytes of a form document."""
MOST_FIELDS: Final = 200
LONGEST_FIELD: Final = 400
"""The most characters of one field; no line of a layout holds more."""

_FIELD: Final = re.compile(FIELD_NAME)


class FormDraft(Confidential, frozen=True, forbid_unknown_fields=True):
    """The form in the sender's words, before it is judged."""

    form: str
    fields: dict[str, str]
    copies: Annotated[int, msgspec.Meta(ge=1, le=MOST_COPIES)] = 1


class FormDocument(Confidential, frozen=True):
    """A judged form: `fields` are pairs of name and text; an empty text prints nothing."""

    layout: str
    fields: tuple[tuple[str, str], ...]
    copies: int = 1


def read_form(data: bytes) -> FormDraft:
    """The draft that the bytes hold.  Raises PassbookError `document-malformed` or `document-too-large`."""
    if len(data) > MAX_FORM:
        raise PassbookError("document-too-large", limit=MAX_FORM)
    try:
        draft = msgspec.json.decode(data, type=FormDraft)
        # Of two texts for one field the decoder keeps the last one, which may not be the one that a person meant.
        json.loads(data, object_pairs_hook=_pairs)
    except (ValueError, RecursionError) as error:
        # Below `fields` a place names what the sender wrote there.
        found = complaint(error, otherwise="it is not what the format allows there")
        raise _malformed("fields" if found.where.startswith("fields") else found.where, found.why) from None
    if not LAYOUT_NAME.fullmatch(draft.form):
        raise _malformed("form", "it is not the name of a form")
    if len(draft.fields) > MOST_FIELDS:
        raise _malformed("fields", f"it has more than {MOST_FIELDS} fields")
    for number, name in enumerate(draft.fields, 1):
        if not _FIELD.fullmatch(name):
            raise _malformed(f"fields, name {number}", "it is not a name of 1 to 40 of a-z, 0-9 and hyphen")
    return draft


def judge_field(name: str, text: str) -> str:
    """The text of a field, if it is neither too long nor holds a control.  Raises PassbookError."""
    where = f"fields, {name}"
    refuse_controls(text, where)
    if len(text) > LONGEST_FIELD:
        raise _malformed(where, f"it has more than {LONGEST_FIELD} characters")
    return text


def _pairs(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        raise ValueError("a name stands twice")
    return found


def _malformed(where: str, why: str) -> PassbookError:
    return PassbookError("document-malformed", where=where, why=why)
