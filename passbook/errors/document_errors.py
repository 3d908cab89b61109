"""The errors of documents, layouts and profiles: rows of the catalogue in passbook/errors/catalogue.py."""

from __future__ import annotations

from typing import Final

from passbook.errors.kinds import ErrorKind, Mender

DOCUMENT_ERRORS: Final[dict[str, ErrorKind]] = {
    "document-malformed": ErrorKind(
        Mender.PROGRAMMER,
        "The document could not be read: {where}: {why}. {how}. Nothing was accepted; the programmer of the software "
        "that wrote the document can mend it.",
    ),
    "document-empty": ErrorKind(
        Mender.TELLER,
        "The document has no lines to print. Nothing was accepted; send one with at least one entry or line.",
    ),
    "document-too-large": ErrorKind(
        Mender.TELLER, "The document is larger than {limit} bytes. Nothing was accepted; split it."
    ),
    "amount-not-decimal": ErrorKind(
        Mender.TELLER,
        "{where}: it is written {found}, and that is no amount: {why}. It must be written as {example}. "
        "Nothing was accepted; {how}.",
    ),
    "two-readings": ErrorKind(
        Mender.TELLER,
        "{where}: it is written {found}, which may be {first} or {second}. It must be written as {example}. "
        "Nothing was accepted; correct it, or name the import profile that says which (--import). The operator can "
        "make one, or name one in the layout.",
    ),
    "unknown-import": ErrorKind(
        Mender.OPERATOR,
        "There is no import profile {profile}. Nothing was accepted; choose one of: {known}.",
    ),
    "amount-too-fine": ErrorKind(
        Mender.TELLER,
        "{where}: it is written {found}, which has more than the {digits} decimal places of {currency}. It must be "
        "written as {example}. Nothing was accepted; correct it and send again.",
    ),
    "unknown-currency": ErrorKind(
        Mender.PROGRAMMER,
        "The currency is no code of ISO 4217 (list of {edition}), such as EUR, JPY or KWD. Nothing was accepted; "
        "correct it and send again.",
    ),
    "currency-without-digits": ErrorKind(
        Mender.PROGRAMMER,
        "ISO 4217 gives {currency} no number of decimal places, so no amount in it can be printed. "
        "Nothing was accepted; choose the currency in which the account is kept.",
    ),
    "date-not-valid": ErrorKind(
        Mender.TELLER,
        "{where}: it is written {found}, and that is no day: {why}. It must be written as {example}. "
        "Nothing was accepted; {how}.",
    ),
    "column-overflow": ErrorKind(
        Mender.TELLER,
        "{where}: the {column} is {length} characters wide and its column holds {width}. Nothing was accepted; {how}.",
    ),
    "form-field-unknown": ErrorKind(
        Mender.PROGRAMMER,
        "Form {form} has no field {field}. Nothing was accepted; its fields are: {known}.",
    ),
    "form-field-missing": ErrorKind(
        Mender.PROGRAMMER,
        "Form {form} needs the field {field}, which the document does not give. Nothing was accepted; add it.",
    ),
    "too-many-copies": ErrorKind(
        Mender.TELLER,
        "Form {form} is printed in at most {most} copies, not in {count}. Nothing was accepted; ask for fewer.",
    ),
    "not-in-code-page": ErrorKind(
        Mender.TELLER,
        "{where}: character {number} cannot be printed in code page {code_page}. Nothing was accepted; write it in "
        "other letters, such as e for an e with a mark. An operator can give the printer a code page or a font that "
        "has it.",
    ),
    "needs-substitute": ErrorKind(
        Mender.OPERATOR,
        "{where}: character {number} is {character}, which code page {code_page} lacks. Nothing was accepted; replace "
        "it, or declare what is printed for it in the key substitutes of layout {layout}, such as {example}.",
    ),
    "control-byte": ErrorKind(
        Mender.PROGRAMMER,
        "{where}: character {number} is {found}, a control character. {how}. Nothing was accepted; the programmer of "
        "the software that wrote the document can mend it.",
    ),
    "past-last-line": ErrorKind(
        Mender.TELLER,
        "The document does not fit: the paper ends at page {page} line {line}; lines left over: {left}. "
        "Nothing was accepted. Send the lines that fit, and the others for a new book or sheet. By itself a book goes "
        "on in a new one where its layout has the keys carried and brought; one job goes over at most 4 books.",
    ),
    "start-not-given": ErrorKind(
        Mender.TELLER,
        "The document does not say on which page and line to start. Nothing was accepted; give both.",
    ),
    "start-not-in-book": ErrorKind(
        Mender.TELLER,
        "The book has no page {page} line {line}: {known}. Nothing was accepted; look at the book and give both.",
    ),
    "start-not-for-entries": ErrorKind(
        Mender.TELLER,
        "Page {page} line {line} is not for entries, which stand on the lines {first} to {last} of that page. "
        "Nothing was accepted; look at the book and give page and line.",
    ),
    "balance-not-known": ErrorKind(
        Mender.PROGRAMMER,
        "{where}: the layout prints the balance on page {page} line {line}, and the document does not give it. "
        "Nothing was accepted; give the balance of every entry.",
    ),
    "two-amounts": ErrorKind(
        Mender.PROGRAMMER,
        "{where}: it has a withdrawal and a deposit, and the layout has one column for both. Nothing was accepted; "
        "make two entries of it.",
    ),
    "date-not-in-calendar": ErrorKind(
        Mender.TELLER,
        "{where}: the date has no year in the {calendar} calendar, in which the layout prints it: it is before its "
        "first year or too far in the future. Nothing was accepted; correct it and send again.",
    ),
    "unknown-layout": ErrorKind(
        Mender.OPERATOR, "There is no layout {layout}. Nothing was accepted; choose one of: {known}."
    ),
    "no-layout": ErrorKind(
        Mender.CALLER,
        "There is no layout {layout}. Nothing was shown; choose one of {known}, or name a file that ends with .toml.",
    ),
    "layout-unfit": ErrorKind(
        Mender.PROGRAMMER,
        "Layout {layout} is for {kind}, not for this document. Nothing was accepted; choose another layout.",
    ),
    "layout-not-printable": ErrorKind(
        Mender.OPERATOR,
        "Printer {printer} cannot print on layout {layout}: {why}. Nothing was accepted; "
        "choose another printer, or correct the layout.",
    ),
    "unknown-printer": ErrorKind(
        Mender.OPERATOR, "There is no printer {printer}. Nothing was done; choose one of: {known}."
    ),
    "printer-gone": ErrorKind(
        Mender.OPERATOR,
        "Job {job} is for printer {printer}, which this appliance does not have any more. The job is kept; "
        "configure that printer again, or have the job discarded.",
    ),
    "unknown-format": ErrorKind(
        Mender.PROGRAMMER,
        "There is no document format {format}. Nothing was accepted; choose one of: {known}.",
    ),
    "no-graphics": ErrorKind(
        Mender.OPERATOR,
        "Printer {printer} prints no graphics, and a document of format {format} is printed as graphics. "
        "Nothing was accepted; choose another printer.",
    ),
    "pdf-not-readable": ErrorKind(
        Mender.TELLER, "The document is no PDF, or one that cannot be read. Nothing was accepted; make it anew."
    ),
    "pdf-encrypted": ErrorKind(
        Mender.TELLER, "The PDF opens only with a password. Nothing was accepted; make it without one."
    ),
    "pdf-too-many-pages": ErrorKind(
        Mender.TELLER,
        "The PDF has {pages} pages, and at most {most} are printed at once. Nothing was accepted; split it.",
    ),
    "pdf-page-too-large": ErrorKind(
        Mender.TELLER,
        "Page {page} of the PDF is {size}, larger than the sheet of {sheet}. "
        "Nothing was accepted; make it smaller, or choose another layout.",
    ),
    "pdf-too-costly": ErrorKind(
        Mender.TELLER,
        "The PDF could not be drawn within {limit}. Nothing was accepted; make it simpler.",
    ),
    "font-not-readable": ErrorKind(
        Mender.OPERATOR,
        "The font of this printer cannot be read, so text that its code page lacks is not drawn. Nothing was accepted; "
        "give another TrueType or OpenType font in the key font of the printer.",
    ),
    "font-lacks-character": ErrorKind(
        Mender.OPERATOR,
        "{where}: character {number} is neither in the code page of the printer nor in its font. Nothing was accepted; "
        "replace it, or give a font of that script in the key font of the printer.",
    ),
    "drawn-too-wide": ErrorKind(
        Mender.TELLER,
        "{where}: drawn with the font of the printer, the text needs {length} cells and has {width}. "
        "Nothing was accepted; shorten it.",
    ),
    "layout-not-drawable": ErrorKind(
        Mender.OPERATOR,
        "Text that the code page lacks cannot be drawn on layout {layout}: {why}. Nothing was accepted; "
        "choose another layout.",
    ),
    "text-too-costly": ErrorKind(
        Mender.TELLER,
        "The text could not be drawn within {limit}. Nothing was accepted; split the document.",
    ),
    "renderer-failed": ErrorKind(
        Mender.OPERATOR,
        "The program that draws pages and texts failed: {why}. Nothing was accepted; look at its log, "
        "then send it again.",
    ),
    "renderer-busy": ErrorKind(
        Mender.TELLER,
        "Too many documents are being drawn just now. Nothing was accepted; send it again in a minute.",
    ),
    "unknown-form": ErrorKind(
        Mender.OPERATOR,
        "Printer {printer} keeps no forms {form} in stock, which layout {layout} takes. Nothing was accepted; "
        "choose another printer, or configure the form. Its forms are: {known}.",
    ),
    "form-needs-appliance": ErrorKind(
        Mender.TELLER,
        "Form {form} is taken from stock that the appliance keeps, so the appliance alone keeps its document. "
        "Nothing was accepted; choose keep appliance.",
    ),
    "import-malformed": ErrorKind(Mender.OPERATOR, "{file}: {where}: {why}."),
    "layout-malformed": ErrorKind(Mender.OPERATOR, "{file}: {where}: {why}."),
    "profile-malformed": ErrorKind(Mender.OPERATOR, "{file}: {where}: {why}."),
}
