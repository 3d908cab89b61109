"""The lines of a CSV document one by one, and those above its header: `sep=`, keys `# key: value`, blank ones."""

from __future__ import annotations

import codecs
import csv
import io
import re
from collections.abc import Iterator
from typing import Final, Literal

from passbook.document.characters import LONGEST_LINE
from passbook.document.drafts import StartLine
from passbook.document.import_profile import Delimiter
from passbook.document.shape import malformed, shape_of

REQUIRED: Final = ("layout", "account", "currency")
KEYS: Final = (*REQUIRED, "import", "start")
EXAMPLES: Final = {
    "layout": "# layout: savings-24",
    "account": "# account: 001-22-334455",
    "currency": "# currency: EUR",
    "import": "# import: german-excel",
    "start": "# start: page 3 line 15",
}
"""Key -> its line."""

_BLANKS: Final = " \t"
_FILL: Final = " \t\r\n,;|"
"""Characters that say nothing at the end of a line above the header: a spreadsheet fills it up to its last column."""
_SEP: Final = re.compile(r"sep=([^\r\n]?)[\r\n]*", re.IGNORECASE)
_DELIMITERS: Final = frozenset(one.character for one in Delimiter)
_END_OF_LINE: Final = re.compile(r"\r\n|\r|\n")
_START: Final = re.compile(r"page ([0-9]{1,4}),? line ([0-9]{1,4})")
_PEEKED: Final = 4096
"""Bytes in which the keys are looked for that say how the rest is read."""
# Blanks follow blanks nowhere in it: a search would take time by the square of their number.
_PEEKED_KEY: Final = re.compile(
    r'"?#[ \t]*(layout|import)[ \t]*:"?[ \t]*(?:[,;|][ \t]*)?"?([a-z0-9-]{1,40})[ \t,;|"]*', re.IGNORECASE
)


class CsvLines:
    """The lines of a text, each bounded before any other work on it; other threads have their turn between two."""

    def __init__(self, text: str, number: int = 0) -> None:
        """Begin behind the line of this number."""
        self._rest = io.StringIO(text, newline="")
        self._next: str | None = None
        self.number = number
        """Of the line that was taken last."""

    def peek(self) -> str:
        """The next line with its end; empty behind the last one."""
        if self._next is None:
            line = self._rest.readline()
            if len(line) > LONGEST_LINE:
                why = f"it has {len(line)} characters, and a line has at most {LONGEST_LINE}"
                raise malformed(f"line {self.number + 1}", why, "Write each entry on a line of its own")
            self._next = line
        return self._next

    def take(self) -> str:
        """The next line, which is over then."""
        line = self.peek()
        self._next = None
        self.number += bool(line)
        return line

    def __iter__(self) -> Iterator[str]:
        """The lines that are left."""
        while self.peek():
            yield self.take()


def peeked_keys(data: bytes) -> dict[str, str]:
    """The keys layout and import as they stand at the beginning of a document whose encoding is not known yet."""
    beginning = data[:_PEEKED]
    is_utf16 = beginning.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE))
    text = (
        beginning.decode("utf-16", "ignore") if is_utf16 else beginning.decode("latin-1").removeprefix("\xef\xbb\xbf")
    )
    keys: dict[str, str] = {}
    # Not splitlines: in many encodings its further ends of line are parts of letters.
    for line in _END_OF_LINE.split(text):
        found = _PEEKED_KEY.fullmatch(line)
        if found is not None:
            keys.setdefault(found[1].lower(), found[2])
        elif line.strip(_FILL) and not line.startswith(("#", '"#')) and not _SEP.fullmatch(line):
            break
    return keys


def read_head(lines: CsvLines, passed_over: int) -> tuple[str, dict[str, str]]:
    """The delimiter that a line `sep=` says, empty without one, and the keys; the header is the next line then.

    `passed_over` lines beside those say nothing.
    """
    said = ""
    keys: dict[str, str] = {}
    while line := lines.peek():
        delimiter = _SEP.fullmatch(line)
        if delimiter is not None and not said:
            said = delimiter[1]
            lines.take()
            if said not in _DELIMITERS:
                how = "Write `sep=;`, `sep=,`, `sep=|` or sep= and a tab, or leave the line out"
                raise malformed(f"line {lines.number}", "its sep= names no delimiter that is known", how)
            continue
        bare = line.strip(_FILL)
        is_key = bare.startswith(("#", '"#')) and (not passed_over or _key_of(bare) in KEYS)
        if bare and not is_key and not passed_over:
            break
        lines.take()
        if is_key:
            _note_key(keys, bare, lines.number)
        elif passed_over:
            passed_over -= 1
    return said, keys


def _key_of(line: str) -> str:
    return line.lstrip('"').removeprefix("#").partition(":")[0].strip(_BLANKS).lower()


def _note_key(keys: dict[str, str], line: str, number: int) -> None:
    key = _key_of(line)
    if ":" not in line or key not in KEYS:
        why = f"it is not `# key: value` with one of the keys {', '.join(KEYS)}"
        how = f"Write nothing above the header but keys such as `{EXAMPLES['account']}`"
        raise malformed(f"line {number}", why, how)
    if key in keys:
        raise malformed(f"line {number}", f"{key} is given twice", f"Write it once, such as `{EXAMPLES[key]}`")
    keys[key] = _value_of(line, key, number)


def _value_of(line: str, key: str, number: int) -> str:
    """The value of a line `# key: value`, which stands behind the colon or in a cell of its own."""
    if line.startswith('"'):
        first, *others = _cells(line, number)
        cells = [first.partition(":")[2], *others]
    else:
        # No pattern: one with blanks on both sides of the value takes time by the square of their number.
        text = line.partition(":")[2].strip(_BLANKS)
        # A place is written with a comma or without one.
        cells = [text] if key == "start" and _START.fullmatch(text.lower()) else _cells(text, number)
    filled = [cell.strip(_BLANKS) for cell in cells if cell.strip(_BLANKS)]
    if len(filled) > 1:
        how = f"Write one value, such as `{EXAMPLES[key]}`; one with a delimiter in it stands in quotes"
        raise malformed(f"line {number}", f"the value of {key} stands in {len(filled)} cells", how)
    return filled[0] if filled else ""


def _cells(text: str, number: int) -> list[str]:
    """The cells of a line, cut at the first delimiter that stands in no quotes."""
    # Behind a first quote every second part stands in quotes.
    bare = "".join(text.split('"')[::2]) if text.startswith('"') else text
    delimiter = next((one for one in bare if one in _DELIMITERS), ",")
    try:
        return next(csv.reader([text], delimiter=delimiter, strict=True, skipinitialspace=delimiter != "\t"), [""])
    except csv.Error:
        how = f"Write `{EXAMPLES['account']}`, or all of it in quotes; a quote inside them stands twice"
        raise malformed(f"line {number}", "its quotes do not fit", how) from None


def read_start(text: str) -> StartLine | Literal["ask"]:
    """The place that the key start says."""
    if text == "ask":
        return "ask"
    match = _START.fullmatch(text.lower())
    if match is None or not int(match[1]) or not int(match[2]):
        raise malformed("start", f"it is written {shape_of(text)}", f"Write `{EXAMPLES['start']}` or `# start: ask`")
    return StartLine(int(match[1]), int(match[2]))
