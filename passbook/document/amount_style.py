"""Amounts as a book prints them, from whole minor units of a currency: signs, marks, groups of digits, fill."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from enum import StrEnum
from typing import Annotated, Final

import msgspec
from msgspec.structs import replace

from passbook.document.characters import usual_cells
from passbook.errors import shown


class DigitGroups(StrEnum):
    """The groups of the digits before the decimal mark."""

    NONE = "none"
    """1234567.89"""
    THOUSANDS = "thousands"
    """1,234,567.89"""
    LAKH = "lakh"
    """12,34,567.89: three digits, then pairs, as in India."""


class SignStyle(StrEnum):
    """The sign of an amount.  A sign behind the digits takes its cells of every amount, so digits stand in columns."""

    MINUS = "minus"
    """-12.50 and 12.50"""
    TRAILING_MINUS = "trailing-minus"
    """12.50- and 12.50 with a blank"""
    PLUS_MINUS = "plus-minus"
    """-12.50 and +12.50"""
    TRAILING_PLUS_MINUS = "trailing-plus-minus"
    """12.50- and 12.50+"""
    BRACKETS = "brackets"
    """(12.50) and 12.50 with a blank"""
    CR_DR = "cr-dr"
    """12.50 DR and 12.50 CR, or the words of the layout"""


_Mark = Annotated[str, msgspec.Meta(min_length=1, max_length=1)]
_Word = Annotated[str, msgspec.Meta(max_length=4)]
_PAIR: Final = 2
_TRIPLE: Final = 3
_SIGNS: Final = "+-()"


class AmountStyle(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """How a layout prints amounts.

    Attributes:
        decimal: the mark before the digits of the minor unit.
        group: the mark between two groups of digits.
        credit: the word behind an amount that is not negative, in style cr-dr.
        debit: the word behind a negative amount.
        lead: what stands before the first digit, or before its minus.
        fill: what fills the cells of the column to the left; empty for blanks.
        blank_zeros: an amount of zero prints nothing, but for a balance.
    """

    decimal: _Mark = "."
    grouping: DigitGroups = DigitGroups.NONE
    group: _Mark = ","
    sign: SignStyle = SignStyle.MINUS
    credit: _Word = "CR"
    debit: _Word = "DR"
    lead: _Word = ""
    fill: Annotated[str, msgspec.Meta(max_length=1)] = ""
    blank_zeros: bool = False

    def of(self, sign: SignStyle | None, fill: str | None) -> AmountStyle:
        """The style of a column that has a sign or a fill of its own; None for that of all amounts."""
        return replace(self, sign=self.sign if sign is None else sign, fill=self.fill if fill is None else fill)


def print_amount(
    style: AmountStyle, minor: int, digits: int, width: int = 0, cells: Callable[[str], int] = usual_cells
) -> str:
    """The amount in the style of a layout.

    Args:
        style: of the layout.
        minor: the amount in whole minor units, such as cents.
        digits: the digits of the minor unit behind the decimal mark.
        width: the cells of the column, which `fill` fills.
        cells: counts the cells of a text, as the code page of the printer gives them.

    >>> print_amount(AmountStyle(), -1250, 2), print_amount(AmountStyle(), 5, 0)
    ('-12.50', '5')
    >>> print_amount(AmountStyle(grouping=DigitGroups.LAKH, sign=SignStyle.CR_DR), 123456789, 2)
    '12,34,567.89 CR'
    """
    whole, fraction = divmod(abs(minor), 10**digits)
    number = str(whole)
    if style.grouping is not DigitGroups.NONE and len(number) > _TRIPLE:
        number = _grouped(number, _PAIR if style.grouping is DigitGroups.LAKH else _TRIPLE, style.group)
    if digits:
        number = f"{number}{style.decimal}{fraction:0{digits}}"
    before, behind = _signs(style, is_negative=minor < 0)
    printed = f"{style.lead}{before}{number}{behind}"
    if not style.fill:
        return printed
    # A fill of two cells leaves one free where their number is odd.
    return style.fill * ((width - cells(printed)) // cells(style.fill)) + printed


def amount_faults(style: AmountStyle) -> Iterator[tuple[str, str]]:
    """What is wrong with a style: the key, and the cause with what is allowed."""
    for key, text in (("decimal", style.decimal), ("group", style.group), ("fill", style.fill)):
        if text and (text.isalnum() or text in _SIGNS or not text.isprintable() or (text == " " and key != "group")):
            yield key, f"it is {shown(text)}; allowed is one character that is no letter, digit, sign or control"
    if style.grouping is not DigitGroups.NONE and style.group == style.decimal:
        yield "group", f"it is the decimal mark too: {shown(style.group)}; allowed is any other mark"
    if style.fill and style.fill in {style.decimal, style.group}:
        yield "fill", f"it is a mark among the digits too: {shown(style.fill)}; allowed is any other character"
    for key, text in (("credit", style.credit), ("debit", style.debit), ("lead", style.lead)):
        if any(one.isdigit() or one in _SIGNS or not one.isprintable() for one in text):
            yield key, f"it is {shown(text)}; allowed are up to 4 characters without digits and signs"
    words = [text.replace(" ", "") for text in (style.credit, style.debit)]
    if style.sign is SignStyle.CR_DR and words[0] == words[1]:
        yield (
            "debit",
            f"it is as credit, blanks aside: {shown(style.debit).strip() or 'nothing'}; allowed is another word",
        )


def _grouped(whole: str, size: int, mark: str) -> str:
    """The digits with a mark before the last three, and before each further `size`."""
    head, parts = whole[:-_TRIPLE], [whole[-_TRIPLE:]]
    while head:
        head, part = head[:-size], head[-size:]
        parts.append(part)
    return mark.join(reversed(parts))


def _signs(style: AmountStyle, *, is_negative: bool) -> tuple[str, str]:
    """What stands before and behind the digits."""
    match style.sign:
        case SignStyle.MINUS:
            return "-" if is_negative else "", ""
        case SignStyle.TRAILING_MINUS:
            return "", "-" if is_negative else " "
        case SignStyle.PLUS_MINUS:
            return "-" if is_negative else "+", ""
        case SignStyle.TRAILING_PLUS_MINUS:
            return "", "-" if is_negative else "+"
        case SignStyle.BRACKETS:
            return ("(", ")") if is_negative else ("", " ")
        case SignStyle.CR_DR:
            word = style.debit if is_negative else style.credit
            longest = max(len(style.debit), len(style.credit))
            return "", f" {word:{longest}}"
