"""Amounts as files write them, read to whole minor units: never a float, never rounded, never guessed.

Theory of operation.  The sign is taken off first.  Then each mark that may be the decimal one is tried, and so is no
decimal mark at all; what is before it must be digits in regular groups.  Each attempt that fits is a reading.  A cell
with one reading is read, one with two is refused with both.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final, NamedTuple

from passbook.document.currencies import MINOR_DIGITS
from passbook.document.reading_rules import CORRECT_OR_IMPORT, AmountRule, DecimalMark, GroupMark, WrittenSign
from passbook.document.shape import shape_of
from passbook.errors import PassbookError

MAX_INTEGER_DIGITS: Final = 15
"""The most digits before the decimal mark."""
LONGEST_AMOUNT: Final = 60
"""The most characters of an amount; no paper holds so many."""

_PLAIN: Final = re.compile(r"(-?)([0-9]{1,15})\.([0-9]{2})")
"""The usual way to write an amount, for which nothing else is looked at."""
_FULL_WIDTH: Final = {**{0xFF10 + n: str(n) for n in range(10)}, 0xFF0E: ".", 0xFF0C: ",", 0xFF0D: "-", 0x2212: "-"}
"""Digits and marks as Japanese programs write them, and the minus of mathematics."""
_BLANKS: Final = dict.fromkeys((0xA0, 0x202F, 0x2009, 0x2007), " ") | {0x2019: "'"}
_NUMBER: Final = re.compile(r"[0-9](?:[0-9., ']*[0-9])?")
_THOUSANDS: Final = r"[1-9][0-9]{0,2}(?:%s[0-9]{3})+"
_LAKH: Final = r"[1-9][0-9]?(?:%s[0-9]{2})*%s[0-9]{3}"
_GROUPED: Final = {
    mark: re.compile(f"{_THOUSANDS % re.escape(mark)}|{_LAKH % (re.escape(mark), re.escape(mark))}")
    for mark in (one.value for one in GroupMark if one is not GroupMark.NONE)
}
_NAMES: Final = {GroupMark.BLANK: "a blank"}
_GROUP: Final = 3
"""The digits of a group."""
_IS_DEBIT: Final = {"withdrawal": True, "deposit": False}
"""Column whose direction is known -> whether DR is the word of that direction, and not CR."""
_SIDE: Final = re.compile(r"(.*?) ?(CR|DR)\.?", re.IGNORECASE)


class _Cell(NamedTuple):
    """An amount with its place; `example` is how it must be written."""

    text: str
    where: str
    column: str
    example: str

    def not_decimal(self, why: str) -> PassbookError:
        return PassbookError(
            "amount-not-decimal",
            where=self.where,
            column=self.column,
            found=shape_of(self.text),
            why=why,
            example=self.example,
            how=CORRECT_OR_IMPORT,
        )


def read_amount(text: str, currency: str, rule: AmountRule | None, where: str, column: str) -> int:
    """The amount in minor units of its currency.

    Args:
        text: the cell; blanks around the amount say nothing.
        currency: a key of MINOR_DIGITS.
        rule: how the file writes amounts; None when nothing says it.
        where: the place that an error names, such as `entry 7`.
        column: the column that an error names; CR and DR are its direction in `withdrawal` and `deposit`, and a sign
            in any other.

    Raises:
        PassbookError: `amount-not-decimal`, `amount-too-fine` or `two-readings`; none repeats the amount.
    """
    digits = MINOR_DIGITS[currency]
    plain = (
        _PLAIN.fullmatch(text) if digits == len("00") and (rule is None or rule.decimal is DecimalMark.POINT) else None
    )
    if plain is not None and (rule is None or rule.sign is WrittenSign.MINUS or not plain[1]):
        return int(plain[1] + plain[2] + plain[3])
    cell = _Cell(text, where, column, _example(digits, rule))
    if len(text) > LONGEST_AMOUNT:
        raise cell.not_decimal("it is too long")
    negative, body = _split_sign(cell, rule)
    whole, fraction = _one_reading(body, cell, rule, digits)
    fraction = fraction[:digits] + fraction[digits:].rstrip("0")
    if len(fraction) > digits:
        raise PassbookError(
            "amount-too-fine",
            where=where,
            column=column,
            found=shape_of(text),
            digits=digits,
            currency=currency,
            example=cell.example,
        )
    if len(whole.lstrip("0")) > MAX_INTEGER_DIGITS:
        raise cell.not_decimal(f"it has more than {MAX_INTEGER_DIGITS} digits before its decimal mark")
    units = int(whole + fraction.ljust(digits, "0"))
    return -units if negative else units


def _example(digits: int, rule: AmountRule | None) -> str:
    mark = rule.decimal.value if rule is not None else "."
    return "2500" + (mark + "0" * digits if digits else "")


_NEGATIVE: Final = {
    WrittenSign.MINUS: "-{}",
    WrittenSign.TRAILING_MINUS: "{}-",
    WrittenSign.BRACKETS: "({})",
    WrittenSign.CR_DR: "{} DR",
}
"""An amount below zero in each style."""


def _split_sign(cell: _Cell, rule: AmountRule | None) -> tuple[bool, str]:
    """Whether the amount is below zero, and the amount without its sign."""
    text = cell.text.translate(_FULL_WIDTH).translate(_BLANKS).strip(" \t")
    found = _sign_in(text)
    if found is None:
        return False, text
    style, negative, body = found
    if rule is None and style is WrittenSign.CR_DR and cell.column != "balance":
        raise cell.not_decimal("CR or DR there may be a sign or the side of the account")
    if rule is not None and style is not rule.sign and (negative or style is WrittenSign.CR_DR):
        signed = cell._replace(example=_NEGATIVE[rule.sign].format(cell.example))
        raise signed.not_decimal(f"its sign is written {style.value}, and it must be written {rule.sign.value}")
    if _sign_in(body) is not None:
        raise cell.not_decimal("it has two signs")
    if style is WrittenSign.CR_DR and cell.column in _IS_DEBIT:
        # The word names the direction that the column has already, so it says nothing of less than zero.
        if negative is not _IS_DEBIT[cell.column]:
            word = "DR" if negative else "CR"
            raise cell.not_decimal(f"{word} contradicts its column, and it may be a reversal or the other direction")
        return False, body
    return negative, body


def _sign_in(text: str) -> tuple[WrittenSign, bool, str] | None:
    """The style of the sign, whether it says below zero, and the rest; None where there is no sign."""
    if text.startswith(("+", "-")):
        return WrittenSign.MINUS, text.startswith("-"), text[1:].lstrip(" ")
    if text.endswith(("+", "-")):
        return WrittenSign.TRAILING_MINUS, text.endswith("-"), text[:-1].rstrip(" ")
    if text.startswith("(") and text.endswith(")"):
        return WrittenSign.BRACKETS, True, text[1:-1].strip(" ")
    side = _SIDE.fullmatch(text)
    if side is not None:
        return WrittenSign.CR_DR, side[2].upper() == "DR", side[1]
    return None


def _one_reading(body: str, cell: _Cell, rule: AmountRule | None, digits: int) -> tuple[str, str]:
    """The digits before and behind the decimal mark; `digits` are those of the currency."""
    if not _NUMBER.fullmatch(body):
        raise cell.not_decimal(_cause(body))
    readings = list(_readings(body, rule))
    if not readings:
        raise cell.not_decimal("its marks are not those of an amount" if rule is None else _marks(rule))
    if len(readings) > 1:
        # Three digits of a currency look like a group, and a fourth one does not.
        example = "12.3450 or 12345.000" if digits == _GROUP else cell.example
        first, second = (shape_of(whole + ("." + fraction if fraction else "")) for whole, fraction in readings)
        raise PassbookError(
            "two-readings",
            where=cell.where,
            column=cell.column,
            found=shape_of(body),
            first=first,
            second=second,
            example=example,
        )
    return readings[0]


def _marks(rule: AmountRule) -> str:
    groups = (
        "no groups"
        if rule.grouping is GroupMark.NONE
        else f"groups with {_NAMES.get(rule.grouping, rule.grouping.value)}"
    )
    return f"its marks are not the decimal mark {rule.decimal.value} and {groups}"


def _cause(body: str) -> str:
    if not any(character.isdigit() for character in body):
        return "it has no digits"
    if body.endswith((".", ",")):
        return "it ends with its decimal mark, so its end may be missing"
    if body.startswith((".", ",")):
        return "it begins with its decimal mark, so its beginning may be missing"
    if re.fullmatch(r"[0-9.,]+[eE][+-]?[0-9]+", body):
        return "a spreadsheet shortened it, so digits are missing"
    return "it has other characters than digits, marks and a sign"


def _readings(body: str, rule: AmountRule | None) -> Iterator[tuple[str, str]]:
    groups = _GROUPED if rule is None else {} if rule.grouping is GroupMark.NONE else {rule.grouping.value: None}
    marks = [one.value for one in DecimalMark] if rule is None else [rule.decimal.value]
    whole = _ungrouped(body, list(groups))
    if whole is not None:
        yield whole, ""
    for mark in marks:
        before, found, behind = body.rpartition(mark)
        whole = _ungrouped(before, [one for one in groups if one != mark]) if found and behind.isdigit() else None
        if whole is not None:
            yield whole, behind


def _ungrouped(text: str, marks: list[str]) -> str | None:
    """The digits of a whole number, which may stand in groups; None where they do not."""
    if text.isdigit():
        return text
    for mark in marks:
        if _GROUPED[mark].fullmatch(text):
            return text.replace(mark, "")
    return None
