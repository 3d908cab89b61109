"""What a terminal needs to judge and show a document by itself: printers, layouts, import profiles and formats."""

from __future__ import annotations

import msgspec

from passbook.document.import_profile import ImportProfile
from passbook.document.layout import BookLayout
from passbook.protocol.two_spools import PrinterFacts


class LayoutsReply(msgspec.Struct, frozen=True, rename="camel"):
    """Completion of `Spooler.GetLayouts`."""

    printers: tuple[PrinterFacts, ...]
    layouts: tuple[BookLayout, ...]
    imports: tuple[ImportProfile, ...]
    formats: tuple[str, ...]
