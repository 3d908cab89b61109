"""Typographic characters that a code page lacks, replaced as the layout declares: never silently, and never a letter.

A character that the printer has is printed unchanged.  One that it lacks is replaced only where the layout's key
`substitutes` names it, and the replaced ones are counted, so that the acceptance can tell their number.  Without a
declaration the document is refused by the name of the character, its place and the key that would allow it.
"""

from __future__ import annotations

from passbook.document.characters import CodePageText, is_plain
from passbook.document.layout import BookLayout
from passbook.document.typography import character_name, is_typographic, usual_substitute
from passbook.errors import PassbookError


class TextSubstitutes:
    """The substitutes of a layout at one document; counts the characters that it replaces.

    Where the printer draws text (`draws`), a text with a character that is neither there nor declared stays unchanged.
    """

    def __init__(self, layout: BookLayout, page: CodePageText, *, draws: bool = False) -> None:
        self._layout = layout
        self._page = page
        self._draws = draws
        self.replaced = 0

    def text(self, text: str, where: str) -> str:
        """The text with its substitutes; it is free of controls.

        Raises PassbookError where no text is drawn: `needs-substitute` for a typographic character, `not-in-code-page`
        for another one.
        """
        if text.isascii() or not self._page.codec or is_plain(text, self._page.codec):
            return text
        table = self._layout.substitutes
        lacking = [number for number, character in enumerate(text, 1) if not self._page.has(character)]
        for number in lacking:
            if text[number - 1] not in table and self._draws:
                return text
            if text[number - 1] not in table:
                raise self._refusal(text[number - 1], where, number)
        self.replaced += len(lacking)
        return "".join([one if self._page.has(one) else table[one] for one in text])

    def _refusal(self, character: str, where: str, number: int) -> PassbookError:
        if not is_typographic(character):
            return PassbookError("not-in-code-page", where=where, number=number, code_page=self._page.name)
        return PassbookError(
            "needs-substitute",
            where=where,
            number=number,
            character=character_name(character),
            code_page=self._page.name,
            layout=self._layout.name,
            example=f'"\\u{ord(character):04X}" = {usual_substitute(character)}',
        )
