"""Layouts from TOML files that operators write, with lengths as people measure them."""

from __future__ import annotations

import codecs
from fractions import Fraction
from typing import Annotated, Any, Final, Literal, TypeAlias

import msgspec

from passbook.document.amount_style import AmountStyle
from passbook.document.date_style import DateStyle
from passbook.document.layout import LAYOUT_NAME, MOST_COPIES, BookLayout, LayoutKind
from passbook.document.layout_faults import layout_faults
from passbook.document.layout_parts import (
    MOST_CELLS,
    MOST_PAGE_LINES,
    Column,
    FixedText,
    Fold,
    FormField,
    FormName,
    NumberPlace,
    PageLines,
)
from passbook.document.lengths import LengthError, parse_length, to_units
from passbook.errors import PassbookError
from passbook.errors.decoding import found_complaint, toml_table

_Lines = Annotated[int, msgspec.Meta(ge=1, le=MOST_PAGE_LINES)]
_Width = Annotated[int, msgspec.Meta(ge=1, le=MOST_CELLS)]
_PageNumber = Annotated[int, msgspec.Meta(ge=1, le=999)]
_Texts = tuple[FixedText, ...]
_BookTexts = Annotated[
    tuple[Annotated[str, msgspec.Meta(min_length=1, max_length=MOST_CELLS)], ...], msgspec.Meta(max_length=20)
]
MOST_STAGGERED: Final = 16
"""The most pages after which a staggering begins anew."""


class _Page(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    width: Fraction
    height: Fraction


class _Fold(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Either `after` and `gap`, or the lines `first` to `last` that lie on it."""

    after: Annotated[int, msgspec.Meta(ge=1)] | None = None
    gap: Fraction | None = None
    first: Annotated[int, msgspec.Meta(ge=2)] | None = None
    last: Annotated[int, msgspec.Meta(ge=2)] | None = None
    at: Fraction | None = None


class _Span(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    first: _Lines
    last: _Lines


class _Pages(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    first: _PageNumber
    last: _PageNumber


class _FirstPage(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The differences of the first page; a missing key is as on the others, but for heading and footer.

    A page with a first line or a number of lines of its own has no fold but its own.
    """

    first_line: Fraction | None = None
    lines_per_page: _Lines | None = None
    fold: _Fold | None = None
    entries: _Span | None = None
    heading: _Texts = ()
    footer: _Texts = ()


class _BookFile(msgspec.Struct, frozen=True, forbid_unknown_fields=True, tag_field="kind", tag="passbook"):
    """A layout file of a book."""

    page: _Page
    first_line: Fraction
    pitch: Fraction
    lines_per_page: _Lines
    pages: _Pages
    cpi: int | float
    left: Fraction
    columns: Annotated[tuple[Column, ...], msgspec.Meta(min_length=1)]
    fold: _Fold | None = None
    entries: _Span | None = None
    heading: _Texts = ()
    footer: _Texts = ()
    first_page: _FirstPage | None = None
    page_brought: Annotated[str, msgspec.Meta(max_length=MOST_CELLS)] = ""
    page_carried: Annotated[str, msgspec.Meta(max_length=MOST_CELLS)] = ""
    carried: _BookTexts = ()
    brought: _BookTexts = ()
    staggering: Annotated[tuple[Fraction, ...], msgspec.Meta(max_length=MOST_STAGGERED)] = ()
    amounts: AmountStyle = AmountStyle()
    dates: DateStyle = DateStyle()
    import_name: FormName | Literal[""] = msgspec.field(name="import", default="")
    book: FormName | Literal[""] = ""
    single_appliance: bool = False
    substitutes: dict[str, str] = {}


class _SheetFile(msgspec.Struct, frozen=True, forbid_unknown_fields=True, tag_field="kind", tag="text"):
    """A layout file of a sheet; `width` is in character cells."""

    page: _Page
    first_line: Fraction
    pitch: Fraction
    lines_per_page: _Lines
    cpi: int | float
    left: Fraction
    width: _Width
    substitutes: dict[str, str] = {}


class _FormFile(msgspec.Struct, frozen=True, forbid_unknown_fields=True, tag_field="kind", tag="form"):
    """A layout file of a form; `width` is in character cells, `copies` the most sheets of one document."""

    page: _Page
    first_line: Fraction
    pitch: Fraction
    lines_per_page: _Lines
    cpi: int | float
    left: Fraction
    width: _Width
    fields: tuple[FormField, ...] = ()
    texts: _Texts = ()
    number: NumberPlace | None = None
    form: FormName | Literal[""] = ""
    copies: Annotated[int, msgspec.Meta(ge=1, le=MOST_COPIES)] = 1
    substitutes: dict[str, str] = {}


_LayoutFile: TypeAlias = _BookFile | _SheetFile | _FormFile


def parse_layout(name: str, data: bytes, file: str) -> BookLayout:
    """The layout that a TOML file describes.

    Args:
        name: the name in documents.
        data: the file's bytes.
        file: the name of the file in an error.

    Raises:
        PassbookError: `layout-malformed` when no document could name it, when a key is unknown, missing or of the wrong
            kind, or when the description is impossible: a line or column off the page, columns or lines that overlap, a
            fold through a line.  It names the file and the key, what was found and what is allowed.
    """
    if not LAYOUT_NAME.fullmatch(name):
        why = "its name is not 1 to 40 of a-z, 0-9 and hyphen, so that no document could name it"
        raise PassbookError("layout-malformed", file=file, where="name", why=why)
    table: dict[str, Any] = {}
    try:
        table = toml_table(data.removeprefix(codecs.BOM_UTF8))
        parsed: _LayoutFile = msgspec.convert(table, _LayoutFile, dec_hook=_length_hook)
    except (ValueError, RecursionError) as error:
        found = found_complaint(error, _LayoutFile, table)
        raise PassbookError("layout-malformed", file=file, where=found.where, why=found.why) from None
    if isinstance(parsed, _BookFile):
        first = parsed.first_page
        for where, fold in (("fold", parsed.fold), ("first_page, fold", None if first is None else first.fold)):
            if fold is not None and (why := _fold_fault(fold)):
                raise PassbookError("layout-malformed", file=file, where=where, why=why)
            if fold is not None and fold.first is not None and fold.last is not None and fold.last < fold.first:
                why = f"it is {fold.last}, above the first line on the fold, {fold.first}"
                raise PassbookError("layout-malformed", file=file, where=f"{where}, last", why=why)
        layout = _book(name, parsed)
    else:
        layout = _sheet(name, parsed)
    for where, why in layout_faults(layout):
        raise PassbookError("layout-malformed", file=file, where=where, why=why)
    return layout


def _length_hook(wanted: type, value: object) -> object:
    if wanted is not Fraction or not isinstance(value, str):
        raise LengthError('it is not a length such as "21.2 mm" or "1/6 in"')
    return parse_length(value)


def _fold_fault(fold: _Fold) -> str:
    """What is wrong with the keys of a fold; empty for nothing."""
    given = tuple(key for key in ("after", "gap", "first", "last") if getattr(fold, key) is not None)
    if given in {("after", "gap"), ("first", "last")}:
        return ""
    found = " and ".join(given) or "neither"
    return (
        f"it has {found}; allowed are after and gap (the fold lies between two lines), or first and last (the lines "
        "that lie on it)"
    )


def _fold(fold: _Fold | None) -> Fold | None:
    if fold is None:
        return None
    at = None if fold.at is None else to_units(fold.at)
    if fold.first is not None and fold.last is not None:
        return Fold(fold.first - 1, fold.last, at=at)
    after = fold.after or 1
    return Fold(after, after, to_units(fold.gap or Fraction(0)), at)


def _book(name: str, file: _BookFile) -> BookLayout:
    columns = tuple(sorted(file.columns, key=lambda column: column.start))
    first = file.first_page
    usual = _page_lines(file, file, file.heading, file.footer)
    own = None if first is None else _page_lines(first, file, first.heading, first.footer)
    texts = [*file.heading, *file.footer, *(() if own is None else (*own.heading, *own.footer))]
    return BookLayout(
        name=name,
        kind=LayoutKind.PASSBOOK,
        page_width=to_units(file.page.width),
        page_height=to_units(file.page.height),
        usual_page=usual,
        pages=(file.pages.first, file.pages.last),
        cpi=file.cpi,
        left_units=to_units(file.left),
        columns_total=max([*(one.end for one in columns), *(one.end for one in texts)]),
        columns=columns,
        substitutes=file.substitutes,
        amounts=file.amounts,
        dates=file.dates,
        import_name=file.import_name,
        book=file.book,
        single_appliance=file.single_appliance,
        first_page=own,
        page_brought=file.page_brought,
        page_carried=file.page_carried,
        carried=file.carried,
        brought=file.brought,
        staggering=tuple(map(to_units, file.staggering)),
    )


def _page_lines(page: _BookFile | _FirstPage, file: _BookFile, heading: _Texts, footer: _Texts) -> PageLines:
    """The lines of a page; entries stand between heading and footer where the file does not say otherwise."""
    count = page.lines_per_page or file.lines_per_page
    is_as_usual = page.first_line is None and page.lines_per_page is None
    above = max((one.line for one in heading), default=0)
    below = min((one.line for one in footer), default=count + 1)
    return PageLines(
        first_y=to_units(file.first_line if page.first_line is None else page.first_line),
        pitch_units=to_units(file.pitch),
        count=count,
        fold=_fold(page.fold or (file.fold if is_as_usual else None)),
        entries=(above + 1, below - 1) if page.entries is None else (page.entries.first, page.entries.last),
        heading=heading,
        footer=footer,
    )


def _sheet(name: str, file: _SheetFile | _FormFile) -> BookLayout:
    """A layout without columns; that of a form has fields besides."""
    lines = PageLines(
        to_units(file.first_line), to_units(file.pitch), file.lines_per_page, None, (1, file.lines_per_page)
    )
    is_form = isinstance(file, _FormFile)
    return BookLayout(
        name=name,
        kind=LayoutKind.FORM if is_form else LayoutKind.TEXT,
        page_width=to_units(file.page.width),
        page_height=to_units(file.page.height),
        usual_page=lines,
        pages=(1, file.copies if isinstance(file, _FormFile) else 1),
        cpi=file.cpi,
        left_units=to_units(file.left),
        columns_total=file.width,
        columns=(),
        fields=file.fields if isinstance(file, _FormFile) else (),
        texts=file.texts if isinstance(file, _FormFile) else (),
        number=file.number if isinstance(file, _FormFile) else None,
        form=file.form if isinstance(file, _FormFile) else "",
        substitutes=file.substitutes,
    )
