"""A document that is looked at before it is sent: judged, and shown as it will stand in the book (C7)."""

from __future__ import annotations

from passbook.document.documents import StartLine
from passbook.document.page_drawing import DrawnPage
from passbook.document.plan import StepOutline
from passbook.protocol.confidential import Confidential
from passbook.protocol.messages import Payload, SubmitJob


class CheckDocument(Payload, frozen=True):
    """`Spooler.CheckDocument`: judge a document as `Spooler.SubmitJob` would, and keep nothing of it.

    Attributes:
        start: the place of the first line, if a person at the terminal decides it.
        layout: a layout in place of the one that the document names.
        import_name: an import profile by which a CSV document is read, in place of the one that it or its layout names.
    """

    printer: str
    format: str
    document: bytes = b""
    upload: str = ""
    start: StartLine | None = None
    layout: str = ""
    import_name: str = ""

    @property
    def request(self) -> SubmitJob:
        """The request by which a destination judges it, without its document."""
        return SubmitJob(
            client_request="check",
            printer=self.printer,
            format=self.format,
            start=self.start,
            layout=self.layout,
            import_name=self.import_name,
        )


class CheckedDocument(Confidential, frozen=True, rename="camel"):
    """Completion of `Spooler.CheckDocument`.

    Attributes:
        layout: the layout by which it was placed; empty where none was.
        form: the kind of form in stock of which each page takes a sheet; empty for none.
        outline: its steps.
        pages: what the steps print, text included.
        account: that of a passbook update, from which its terminal makes the secrets of its books; else empty.
        substituted: how many characters are replaced as the layout declares.
    """

    layout: str
    form: str
    outline: tuple[StepOutline, ...]
    pages: tuple[DrawnPage, ...]
    account: str = ""
    substituted: int = 0
