"""What a terminal needs to judge a document by itself: printers, layouts and import profiles of the appliance."""

from __future__ import annotations

import msgspec

from passbook.document.import_profile import ImportProfile
from passbook.document.layout import BookLayout
from passbook.protocol.two_spools import PrinterFacts


class LayoutsReply(msgspec.Struct, frozen=True, rename="camel"):
    """Completion of `Spooler.GetLayouts`."""

    printers: tuple[PrinterFacts, ...]
    layouts: tuple[BookLayout, ...]
    imports: tuple[ImportProfile, ...] = ()
