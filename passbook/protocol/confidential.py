"""Values that carry the text of a customer's book."""

from __future__ import annotations

import msgspec


class Confidential(msgspec.Struct, frozen=True):
    """A value that shows its type and nothing else of itself in a log, an error or a traceback."""

    def __repr__(self) -> str:  # type: ignore[explicit-override]  # typing.override comes with Python 3.12
        return f"<{type(self).__name__}>"
