"""Typographic characters and the substitutes that a layout declares for them."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator, Mapping
from types import MappingProxyType
from typing import Final

from passbook.errors import shown

LONGEST_SUBSTITUTE: Final = 3
"""The most characters that stand for one."""

_TYPOGRAPHIC: Final = frozenset({"Pc", "Pd", "Pe", "Pf", "Pi", "Po", "Ps", "Sc", "Sm", "Zs"})
"""Unicode general categories: punctuation, currency and mathematical signs, spaces."""


def is_typographic(character: str) -> bool:
    """Whether a character is punctuation, a sign or a space, and no letter of a name."""
    return not character.isascii() and unicodedata.category(character) in _TYPOGRAPHIC


def character_name(character: str) -> str:
    """The name that people can look up, as `RIGHT SINGLE QUOTATION MARK (U+2019)`."""
    return f"{unicodedata.name(character, 'a character')} (U+{ord(character):04X})"


def substitute_faults(table: Mapping[str, str]) -> Iterator[tuple[str, str, bool]]:
    """Each possible fault of a layout's substitutes: its place, its cause, and whether the table has it."""
    for character, substitute in table.items():
        where = (
            f"substitutes, {character_name(character) if len(character) == 1 else shown(character) or 'no character'}"
        )
        is_one = len(character) == 1 and is_typographic(character)
        yield (
            where,
            "its key is not one character beyond ASCII; allowed are punctuation, signs and spaces",
            not is_one,
        )
        fits = len(substitute) <= LONGEST_SUBSTITUTE and substitute.isascii() and substitute.isprintable()
        why = f"its text is not 1 to {LONGEST_SUBSTITUTE} printable characters of ASCII"
        yield where, why, not (substitute and fits)


_SIGNS: Final = MappingProxyType(
    {
        "\u2026": "...",
        "\u20ac": "EUR",
        "\u00a3": "GBP",
        "\u00a5": "JPY",
        "\u20b9": "INR",
        # The decimal mark and the grouping of Arabic digits.
        "\u066b": ".",
        "\u066c": ",",
    }
)
"""What is usually printed for other signs."""


def usual_substitute(character: str) -> str:
    """What is usually printed for a typographic character, as a string of TOML."""
    name, category = unicodedata.name(character, ""), unicodedata.category(character)
    if category == "Zs":
        return '" "'
    if "DOUBLE" in name and "QUOTATION" in name:
        return "'\"'"
    if "QUOTATION" in name or "APOSTROPHE" in name or "PRIME" in name:
        return '"\'"'
    if character in _SIGNS:
        return f'"{_SIGNS[character]}"'
    return '"-"' if category == "Pd" or "MINUS" in name else '"*"'
