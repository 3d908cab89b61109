"""The sentences of `teller` and `passbookctl` for an empty list."""

from __future__ import annotations

from types import MappingProxyType
from typing import Final

NO_ROWS_SAID: Final = MappingProxyType(
    {
        "jobs": "There is no job that has not ended.",
        "questions": "There is no open question.",
        "notices": "There is no end of a job without an acknowledgement.",
        "terminals": "There is no terminal that is connected, was heard since the boot, or has jobs.",
        "history": "There is no such entry in the history.",
        "summary": "There is no end of a job to be counted.",
        "stock": "There is no form that is kept in stock.",
        "moves": "There is no move of form stock.",
        "areas": "There is no storage area.",
        "keys": "There is no key in the key ring.",
        "answers": "There is no job to answer for.",
    }
)
"""Kind of list -> the sentence in its place; `--json` shows an empty list."""
