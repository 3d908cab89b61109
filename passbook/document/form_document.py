"""A form document: the name of a form, a text for each of its fields, and the number of copies, as JSON.

    {"form": "certificate", "fields": {"holder": "R. Example", "amount": "1,250.00 EUR"}, "copies": 1}

The layout of that name says which fields there are and where they stand (passbook.document.layout).
"""

from __future__ import annotations

import re
from typing import Annotated, Final

import msgspec

from passbook.document.characters import refuse_controls
from passbook.document.decoding_text import decoded_text
from passbook.document.json_text import JsonFormError, check_json, spot_of
from passbook.document.layout import LAYOUT_NAME, MOST_COPIES
from passbook.document.layout_parts import FIELD_NAME
from passbook.document.shape import malformed
from passbook.errors import PassbookError
from passbook.errors.decoding import complaint
from passbook.protocol.confidential import Confidential

MAX_FORM: Final = 64 * 1024
"""The most bytes of a form document."""
MOST_FIELDS: Final = 200
LONGEST_FIELD: Final = 400
"""The most characters of one field; no line of a layout holds more."""

EXAMPLE_FORM: Final = '{"form": "certificate", "fields": {"holder": "R. Example"}, "copies": 1}'

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
    text = decoded_text(data)
    try:
        # Of two texts for one field the decoder keeps the last one, which may not be the one that a person meant.
        check_json(text)
        draft = msgspec.json.decode(text, type=FormDraft)
    except JsonFormError as fault:
        raise malformed(fault.where, fault.why, fault.how) from None
    except ValueError as error:
        # Below `fields` a place names what the sender wrote there.
        found = complaint(error, FormDraft, otherwise="it is not what the format allows there")
        field = "fields" if found.where.startswith("fields") else found.where
        raise malformed(
            f"{field} ({spot_of(text, [field])})", found.why, f"Write a form such as {EXAMPLE_FORM}"
        ) from None
    if not LAYOUT_NAME.fullmatch(draft.form):
        raise malformed("form", "it is not the name of a form", 'Write it such as "form": "certificate"')
    if len(draft.fields) > MOST_FIELDS:
        raise malformed("fields", f"it has more than {MOST_FIELDS} fields", "Write the fields of the form only")
    for number, name in enumerate(draft.fields, 1):
        if not _FIELD.fullmatch(name):
            why = "it is not a name of 1 to 40 of a-z, 0-9 and hyphen"
            raise malformed(f"fields, name {number}", why, 'Write it as the layout does, such as "holder"')
    return draft


def judge_field(name: str, text: str) -> str:
    """The text of a field, if it is neither too long nor holds a control.  Raises PassbookError."""
    where = f"fields, {name}"
    refuse_controls(text, where)
    if len(text) > LONGEST_FIELD:
        raise malformed(where, f"it has more than {LONGEST_FIELD} characters", "Write less; no line holds so many")
    return text
