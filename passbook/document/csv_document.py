"""A passbook update as CSV: lines `# key: value`, a row of names, then one row for each entry (RFC 4180).

An import profile says how other files are written. Without one, only what has one reading is read.
"""

from __future__ import annotations

import csv
import re
from collections.abc import Iterator, Sequence
from typing import Final, NamedTuple

from passbook.document.characters import refuse_controls
from passbook.document.csv_head import EXAMPLES, REQUIRED, CsvLines, peeked_keys, read_head, read_start
from passbook.document.decoding_text import decoded_text
from passbook.document.drafts import EntryDraft, ReadUpdate, UpdateDraft
from passbook.document.import_profile import (
    PARTS,
    USUAL_COLUMNS,
    ColumnPlaces,
    Delimiter,
    Encoding,
    ImportProfile,
    Imports,
)
from passbook.document.layout_parts import FIELD_NAME
from passbook.document.shape import malformed
from passbook.errors import PassbookError

_USUAL: Final = tuple(name for name, _ in USUAL_COLUMNS.named())
_DELIMITERS: Final = tuple(one.character for one in Delimiter)
_BLANKS: Final = " \t"
_OWN_COLUMN: Final = re.compile(FIELD_NAME)


class _Shape(NamedTuple):
    """The form of the rows.

    Attributes:
        delimiter: the character between two cells.
        width: the cells of a row.
        places: part -> its place in a row.
        most: the cells that a row has at most, with the empty ones behind its last column.
    """

    delimiter: str
    width: int
    places: dict[str, int]
    most: int


class _Row(NamedTuple):
    line: int
    cells: list[str]


def read_csv(data: bytes, most: int, imports: Imports, *, import_name: str = "", layout: str = "") -> ReadUpdate:
    """The update that the CSV says.

    Args:
        data: the bytes of the file.
        most: the number of entries that are read; those behind are only counted.
        imports: the known profiles.
        import_name: the profile that a person names; it wins over that of the document, and that over its layout's.
        layout: the layout that a person names; it wins over that of the document.

    Raises:
        PassbookError: `document-malformed` or `unknown-import`, naming line and entry numbers only.
    """
    profile = _profile(data, imports, import_name, layout)
    lines = CsvLines(decoded_text(data, profile.encoding if profile is not None else Encoding.UTF_8))
    said, keys = read_head(lines, profile.head_lines if profile is not None else 0)
    if not import_name:
        _must_be_peeked(keys, peeked_keys(data), imports)
    shape = _read_names(lines, said, profile)
    entries: list[EntryDraft] = []
    numbers: list[int] = []
    more = 0
    for row in _rows(lines, shape):
        if len(entries) < most:
            numbers.append(row.line)
            entries.append(_entry(row, len(numbers), shape))
        else:
            more += 1
        _note_constants(row, shape, keys)
    start = read_start(keys.get("start", "ask"))
    keys = _whole(keys, profile, layout)
    draft = UpdateDraft(keys["layout"], keys["account"], keys["currency"], tuple(entries), start)
    return ReadUpdate(
        draft,
        more,
        lambda number, column: f"entry {number} (line {numbers[number - 1]}){f', {column}' if column else ''}",
        profile.dates if profile is not None else None,
        profile.amounts if profile is not None else None,
        one_amount="amount" in shape.places,
    )


def _profile(data: bytes, imports: Imports, import_name: str, layout: str) -> ImportProfile | None:
    peeked = peeked_keys(data)
    name = import_name or peeked.get("import", "")
    return imports.named(name) if name else imports.of_layout(layout or peeked.get("layout", ""))


def _must_be_peeked(keys: dict[str, str], peeked: dict[str, str], imports: Imports) -> None:
    """Refuse a document that names its import profile, or a layout that may name one, where it was not looked for."""
    for key in ("import", "layout"):
        value = keys.get(key, "")
        if value == peeked.get(key, "") or not _OWN_COLUMN.fullmatch(value):
            continue
        why = f"{key} stands behind other lines, and it says how they are read"
        raise malformed("the lines above the header", why, f"Write `{EXAMPLES[key]}` as one of the first lines")
    if keys.get("import") and "import" not in peeked:
        imports.named(keys["import"])


def _whole(keys: dict[str, str], profile: ImportProfile | None, layout: str) -> dict[str, str]:
    """The keys with those that the profile and the person give."""
    given = {} if profile is None else {"layout": profile.layout, "currency": profile.currency}
    whole = given | {key: value for key, value in keys.items() if value} | ({"layout": layout} if layout else {})
    missing = [key for key in REQUIRED if not whole.get(key)]
    if missing:
        examples = ", ".join(f"`{EXAMPLES[key]}`" for key in missing)
        verb = "is" if len(missing) == 1 else "are"
        raise malformed(
            "the lines above the header",
            f"{', '.join(missing)} {verb} missing",
            f"Write {examples} above the header, each on a line of its own",
        )
    return whole


def _note_constants(row: _Row, shape: _Shape, keys: dict[str, str]) -> None:
    """Keep account and currency where rows say them; they are the same in every row."""
    for key in ("account", "currency"):
        place = shape.places.get(key)
        if place is None:
            continue
        # A row that is only counted may have too few cells.
        value = row.cells[place] if place < len(row.cells) else ""
        if not value:
            why = f"its {key} is empty, so the entry may be of another {key}"
            raise malformed(f"line {row.line}", why, f"Write the {key} in every row")
        if keys.setdefault(key, value) != value:
            raise malformed(
                f"line {row.line}", f"its {key} is not that of the rows above", f"Send a document for each {key}"
            )


def _entry(row: _Row, number: int, shape: _Shape) -> EntryDraft:
    cells, width = row.cells, shape.width
    if len(cells) != width:
        where = f"entry {number} (line {row.line})"
        refuse_controls(cells[0], where)
        if cells[0].startswith("#"):
            how = "Remove it: a line with # stands above the header only"
            raise malformed(where, "it begins with # and stands below the header", how)
        why = f"it has {_counted(len(cells), 'cell')}, and the header has {width}"
        example = shape.delimiter.join(["2026-01-05", "Salary", *[""] * (width - len(_USUAL[:2]))])
        how = (
            f"Write {width} cells, also empty ones, such as {example}; a cell with the delimiter in it stands in quotes"
        )
        raise malformed(where, why, how)
    places = shape.places
    named = {part: cells[place] for part, place in places.items() if part in _USUAL}
    if "amount" in places:
        named["deposit"] = cells[places["amount"]]
    others = {name: cells[place] for name, place in places.items() if name not in PARTS}
    return EntryDraft(**named, others=others)


def _counted(number: int, thing: str) -> str:
    return f"{number} {thing}{'' if number == 1 else 's'}"


def _rows(lines: CsvLines, shape: _Shape) -> Iterator[_Row]:
    """The rows that are not blank, each without the empty cells behind its last column.

    One more of them than the header and the first row have tells of a value that holds the delimiter; than the header
    alone where that is a comma, since all amounts may hold it, such as 900,50.
    """
    most = 0
    for row in _cells(lines, shape.delimiter):
        cells = [_value(cell) for cell in row.cells]
        if any(cells):
            most = most or (shape.most if shape.delimiter == "," else max(shape.most, len(cells)))
            is_filled_up = len(cells) <= most and not any(cells[shape.width :])
            yield _Row(row.line, cells[: shape.width] if is_filled_up else cells)


def _value(cell: str) -> str:
    """The value of a cell; spreadsheets write `="00123"` for a text of digits."""
    bare = cell.strip(_BLANKS)
    is_text = bare.startswith('="') and bare.endswith('"') and bare.count('"') == len('""')
    return bare[2:-1].strip(_BLANKS) if is_text else bare


def _cells(lines: CsvLines, delimiter: str) -> Iterator[_Row]:
    """The cells of each row, with the line where it begins; an error of the csv module could quote the row."""
    reader = csv.reader(lines, delimiter=delimiter, strict=True, skipinitialspace=delimiter != "\t")
    while True:
        number = lines.number + 1
        try:
            cells = next(reader)
        except StopIteration:
            return
        except csv.Error:
            how = 'Write a quote inside a cell twice, and the cell in quotes, such as "12"" pipe"'
            raise malformed(f"line {number}", "its quotes do not fit, so that it is not CSV", how) from None
        if cells:
            yield _Row(number, cells)


def _read_names(lines: CsvLines, said: str, profile: ImportProfile | None) -> _Shape:
    """The form of the rows, as the row of names says, or the profile where there is none."""
    declared = profile.delimiter.character if profile is not None else ""
    if said and declared and said != declared:
        raise malformed("line 1", "its delimiter is not that of the import profile", "Name another import profile")
    columns = profile.columns if profile is not None else USUAL_COLUMNS
    if profile is not None and not profile.names:
        numbers = {part: place - 1 for part, place in columns.named() if isinstance(place, int)}
        ignored = [place for place in columns.ignored if isinstance(place, int)]
        width = max([*(place + 1 for place in numbers.values()), *ignored])
        return _Shape(said or declared, width, numbers, width)
    line, number = lines.take(), lines.number
    if not line:
        header = (said or declared or ",").join(str(place) for _, place in columns.named())
        how = f"Write {header}, and below it a row for each entry"
        raise malformed(f"line {number + 1}", "the document ends above its header", how)
    allowed = [said or declared] if said or declared else _DELIMITERS
    best = _best_names(line, number, allowed, columns)
    if not best.fits:
        again = ", or leave the line sep= out" if said else ""
        raise malformed(f"line {number}", best.why, best.how(has_profile=profile is not None) + again)
    return _Shape(best.delimiter, len(best.names), best.places, best.cells)


def _best_names(line: str, number: int, delimiters: Sequence[str], columns: ColumnPlaces) -> _Names:
    """The row of names, cut at the delimiter that fits best.  Raises PassbookError where its quotes fit to none."""
    tried: list[_Names] = []
    refusals: list[PassbookError] = []
    for delimiter in delimiters:
        try:
            tried.append(_Names.of(line, number, delimiter, columns))
        except PassbookError as error:
            refusals.append(error)
    if not tried:
        raise refusals[0]
    return max(tried, key=lambda one: (one.fits, len(one.places), len(one.names)))


class _Names(NamedTuple):
    """A row of names, cut at one delimiter; `cells` counts the empty ones behind its last name too."""

    delimiter: str
    cells: int
    names: list[str]
    places: dict[str, int]
    wanted: list[str]
    unknown: list[int]

    @classmethod
    def of(cls, line: str, number: int, delimiter: str, columns: ColumnPlaces) -> _Names:
        cells = next(_cells(CsvLines(line, number - 1), delimiter), _Row(number, [])).cells
        names = [cell.strip(_BLANKS).casefold() for cell in cells]
        while names and not names[-1]:
            names.pop()
        known = {str(place).casefold(): part for part, place in columns.named()}
        if columns is USUAL_COLUMNS:
            # Behind the usual ones stand those of the layout's own.
            known |= {name: name for name in names[len(_USUAL) :] if _OWN_COLUMN.fullmatch(name) and name not in PARTS}
        ignored = {str(place).casefold() for place in columns.ignored}
        places = {known[name]: place for place, name in enumerate(names) if name in known}
        unknown = [n for n, name in enumerate(names, 1) if name not in known and name not in ignored]
        return cls(delimiter, len(cells), names, places, [str(place) for _, place in columns.named()], unknown)

    @property
    def fits(self) -> bool:
        """Whether every column is known and there, once."""
        is_whole = {want.casefold() for want in self.wanted} <= set(self.names)
        return not self.unknown and is_whole and len(set(self.names)) == len(self.names)

    @property
    def why(self) -> str:
        """What is wrong with it."""
        count = _counted(len(self.names), "name")
        if self.unknown:
            numbers = ", ".join(map(str, self.unknown[:10]))
            found = f"that in column {numbers} is" if len(self.unknown) == 1 else f"those in the columns {numbers} are"
            return f"the header has {count}, and {found} not known"
        if not {want.casefold() for want in self.wanted} <= set(self.names):
            missing = [want for want in self.wanted if want.casefold() not in self.names]
            verb = "is" if len(missing) == 1 else "are"
            return f"the header has {count}, and {', '.join(missing)} {verb} missing"
        return f"the header has {count}, and one of them twice"

    def how(self, *, has_profile: bool) -> str:
        """How it must be written."""
        header = self.delimiter.join(self.wanted)
        if has_profile:
            return f"The import profile expects the columns {header}; name another one (--import), or have it corrected"
        return f"Write {header}, or name an import profile that knows its names (--import)"
