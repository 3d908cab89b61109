"""What a person expects of each document in the folder, decided by reading the file.

A line of a book is date, text, withdrawal, deposit and balance as they stand on paper.
"""

from __future__ import annotations

from typing import Final, NamedTuple

Row = tuple[str, str, str, str, str]

MONTH: Final[tuple[Row, ...]] = (
    ("2026-01-05", "Salary", "", "2500.00", "3100.00"),
    ("2026-01-07", "Rent", "900.00", "", "2200.00"),
    ("2026-01-09", "Groceries", "45.10", "", "2154.90"),
)
SALARY: Final[tuple[Row, ...]] = (MONTH[0],)
GEHALT: Final[tuple[Row, ...]] = (("2026-01-05", "Gehalt", "", "2500.00", "3100.00"),)

OTHER_LETTERS: Final = (
    " Nothing was accepted; write it in other letters, such as e for an e with a mark. "
    "An operator can give the printer a code page or a font that has it."
)
NEW_BOOK: Final = (
    " Nothing was accepted. Send the lines that fit, and the others for a new book or sheet. "
    "By itself a book goes on in a new one where its layout has the keys carried and brought; one job "
    "goes over at most 4 books."
)
PROGRAMMER: Final = " Nothing was accepted; the programmer of the software that wrote the document can mend it."
CORRECT: Final = " Nothing was accepted; correct it and send again, or name an import profile that reads it (--import)."
CORRECT_JSON: Final = " Nothing was accepted; correct it and send again."
SAY_WHICH: Final = (
    " It must be written as 2026-01-05. Nothing was accepted; correct it, or name the import profile that says which "
    "(--import). The operator can make one, or name one in the layout."
)
ENCODING: Final = (
    "it is not UTF-8. Save it as UTF-8; for a CSV file an import profile can name its encoding (--import)." + PROGRAMMER
)
KEYS: Final = (
    "The document could not be read: the lines above the header: layout, account, currency are missing. Write "
    "`# layout: savings-24`, `# account: 001-22-334455`, `# currency: EUR` above the header, each on a line of its own."
    + PROGRAMMER
)

PRINTED: Final[dict[str, tuple[Row, ...]]] = {
    "01-utf8-bom.csv": MONTH,
    "02-crlf.csv": MONTH,
    "03-cr-only-oldmac.csv": MONTH,
    "04-utf16le-bom-excel-unicode.csv": MONTH,
    "10-indian-rupees.csv": (("2026-01-05", "BY SALARY", "", "25000.00", "31000.00"),),
    "11-nfd-decomposed.csv": (("2026-01-05", "Café Zürich", "12.40", "", "3087.60"),),
    "12-nbsp-from-web-export.csv": (("2026-01-05", "Direct debit", "12.40", "", "3087.60"),),
    "21-semicolon-iso-date-point.csv": GEHALT,
    "22-decimal-comma-quoted.csv": GEHALT,
    "23-thousands-comma-quoted.csv": SALARY,
    "26-lakh-no-grouping-with-crdr.csv": (
        ("2026-01-05", "BY TRF", "", "125000.00", "1340221.50"),
        ("2026-01-06", "TO CHQ 001234", "2000.00", "", "1338221.50"),
    ),
    "25-lakh-grouping.csv": (("2026-01-05", "BY TRF", "", "125000.00", "1340221.50"),),
    "28-trailing-minus-sap.csv": (("2026-01-06", "Cheque 1234", "200000.00", "", "-59778.50"),),
    "30-leading-minus-overdraft.csv": (("2026-01-06", "Cheque 1234", "20000.00", "", "-5978.50"),),
    "33-space-after-comma.csv": SALARY,
    "34-padded-fixed-width-amounts.csv": SALARY,
    "35-zero-amounts.csv": (
        ("2026-01-05", "Salary", "0.00", "2500.00", "3100.00"),
        ("2026-01-06", "Balance info", "0.00", "0.00", "3100.00"),
    ),
    "39-four-decimals-interest.csv": (("2026-01-05", "Interest", "", "12.34", "3112.34"),),
    "40-fullwidth-digits.csv": (("2026-01-05", "Salary", "", "250000", "310000"),),
    "51-trailing-comma-excel.csv": SALARY,
    "52-header-capitals.csv": MONTH,
    "56-metadata-capital-key.csv": MONTH,
    "57-blank-line-after-metadata.csv": MONTH,
    "58-blank-line-between-rows.csv": MONTH,
    "59-row-of-commas-excel.csv": MONTH,
    "61-only-balance-line.csv": (("2026-01-31", "", "", "", "3100.00"),),
    "62-brought-forward-no-date.csv": (("", "BROUGHT FWD", "", "", "600.00"), *MONTH),
    "66-quote-doubled.csv": (("2026-01-05", '12" pipe', "45.00", "", "3100.00"),),
    "71-no-final-newline.csv": MONTH,
    "84-date-iso-compact.csv": SALARY,
    "85-date-iso-time.csv": SALARY,
    "j8-bom.json": SALARY,
}
"""Document -> its lines from page 1 line 1 on, on savings-24, in cp858, with no word about it."""


class Named(NamedTuple):
    """What a person says of a document: an import profile, by text or shipped name, and the lines above it."""

    profile: str
    lines: tuple[Row, ...]
    above: str = ""


HEAD: Final = "# layout: savings-24\n# account: 001-22-334455\n# currency: EUR\n"
IMPORTED: Final[dict[str, Named]] = {
    "05-windows-1252.csv": Named(
        'encoding = "windows-1252"', (("2026-01-05", "Bäckerei Groß", "12.40", "", "3087.60"),)
    ),
    "20-semicolon-german-excel.csv": Named("german-excel", GEHALT),
    "26-lakh-no-grouping-with-crdr.csv": Named(
        '[amounts]\nsign = "cr-dr"', PRINTED["26-lakh-no-grouping-with-crdr.csv"]
    ),
    "28-trailing-minus-sap.csv": Named('[amounts]\nsign = "trailing-minus"', PRINTED["28-trailing-minus-sap.csv"]),
    "35-zero-amounts.csv": Named(
        "[amounts]\nblank_zeros = true",
        (
            ("2026-01-05", "Salary", "", "2500.00", "3100.00"),
            ("2026-01-06", "Balance info", "", "", "3100.00"),
        ),
    ),
    "44-excel-sep-line.csv": Named('delimiter = ";"\n[amounts]\ndecimal = ","', SALARY, above=HEAD),
    "45-norwegian-bank-latin1.csv": Named(
        (
            'encoding = "windows-1252"\ndelimiter = ";"\nlayout = "savings-24"\ncurrency = "NOK"\n'
            '[columns]\ndate = "Date"\nwithdrawal = "Out"\ndeposit = "In"\nignored = ["Description", "Interestdate"]\n'
            '[dates]\norder = "day-month-year"\n[amounts]\ndecimal = ","\nnegative_withdrawals = true'
        ),
        (("2026-01-05", "", "50.00", "", ""),),
        above="# account: 001-22-334455\n",
    ),
    "53-header-debit-credit.csv": Named(
        '[columns]\ndate = "date"\ntext = "particulars"\nwithdrawal = "debit"\ndeposit = "credit"\nbalance = "balance"',
        MONTH,
    ),
    "55-no-metadata-lines.csv": Named('layout = "savings-24"\ncurrency = "EUR"', MONTH, above="# account: 1\n"),
    "80-date-dmy-dots.csv": Named('[dates]\norder = "day-month-year"', SALARY),
    "82-date-dmy-short.csv": Named('[dates]\norder = "day-month-year"\nshort_years = true', SALARY),
    "87-date-japan-era.csv": Named('[dates]\ncalendar = "japanese"', SALARY),
    "88-date-buddhist-2569.csv": Named('[dates]\ncalendar = "buddhist"', SALARY),
    "91-date-us.csv": Named("us-excel", SALARY),
}
"""Document -> what is said of it, and its lines then."""

REFUSED: Final[dict[str, str]] = {
    "05-windows-1252.csv": "The document could not be read: byte 135, in line 6: " + ENCODING,
    "07-shift-jis.csv": "The document could not be read: byte 134, in line 6: " + ENCODING,
    "08-japanese-utf8.csv": "entry 1, text: character 1 cannot be printed in code page cp858." + OTHER_LETTERS,
    "09-devanagari.csv": "entry 1, text: character 1 cannot be printed in code page cp858." + OTHER_LETTERS,
    "13-typographic-quote-dash.csv": "entry 1, text: character 2 is RIGHT SINGLE QUOTATION MARK (U+2019), "
    "which code page cp858 lacks. "
    "Nothing was accepted; replace it, or declare what is printed for it in the key substitutes of layout "
    "savings-24, such as "
    '"\\u2019" = "\'".',
    "14-polish-letters.csv": "entry 1, text: character 3 cannot be printed in code page cp858." + OTHER_LETTERS,
    "16-turkish.csv": "entry 1, text: character 4 cannot be printed in code page cp858." + OTHER_LETTERS,
    "18-zero-width-bom-inside.csv": "entry 1 (line 6), text: character 1 is an invisible character (U+FEFF), a control "
    "character. Remove it." + PROGRAMMER,
    "20-semicolon-german-excel.csv": "entry 1 (line 6), date: it is written 99.99.9999, which may be day-month-year or "
    "month-day-year." + SAY_WHICH,
    "31-currency-sign.csv": "entry 1 (line 6), withdrawal: it is written ?999.99, and that is no amount: it has other "
    "characters than digits, marks and a sign. It must be written as 2500.00." + CORRECT,
    "37-amount-trailing-point.csv": "entry 1 (line 6), deposit: it is written 99., and that is no amount: it ends with "
    "its decimal mark, so its end may be missing. It must be written as 2500.00." + CORRECT,
    "38-scientific-excel.csv": "entry 1 (line 6), deposit: it is written 9.99x+99, and that is no amount: a "
    "spreadsheet "
    "shortened it, so digits are missing. It must be written as 2500.00." + CORRECT,
    "42-usd-12-digit-balance.csv": "entry 1: the deposit is 10 characters wide and its column holds 9. Nothing was "
    "accepted; the operator can mend it, in the layout.",
    "44-excel-sep-line.csv": KEYS,
    "45-norwegian-bank-latin1.csv": "The document could not be read: byte 53, in line 2: " + ENCODING,
    "50-empty-last-column-missing.csv": "The document could not be read: entry 1 (line 6): it has 4 cells, and the "
    "header has 5. Write 5 cells, also empty ones, such as 2026-01-05,Salary,,,; a cell with the delimiter in it "
    "stands "
    "in quotes." + PROGRAMMER,
    "53-header-debit-credit.csv": "The document could not be read: line 5: the header has 5 names, and those in the "
    "columns 2, 3, 4 are not known. Write date,text,withdrawal,deposit,balance, or name an import profile that knows "
    "its names (--import)." + PROGRAMMER,
    "55-no-metadata-lines.csv": KEYS,
    "60-comment-in-the-middle.csv": "The document could not be read: entry 1 (line 6): it begins with # and stands "
    "below the header. Remove it: a line with # stands above the header only." + PROGRAMMER,
    "64-note-field-with-newline.csv": "entry 1 (line 6), text: character 7 is an end of line (U+000A), a control "
    "character. Write the text on one line." + PROGRAMMER,
    "65-unbalanced-quote.csv": "The document could not be read: line 6: its quotes do not fit, so that it is not CSV. "
    'Write a quote inside a cell twice, and the cell in quotes, such as "12"" pipe".' + PROGRAMMER,
    "68-nul-at-end.csv": "entry 4 (line 9): character 1 is a NUL (U+0000), a control character. Remove it; a document "
    "full of them is UTF-16 without its mark: save it as UTF-8." + PROGRAMMER,
    "70-tab-in-text.csv": "entry 1 (line 6), text: character 4 is a tab (U+0009), a control character. Write blanks in "
    "its place." + PROGRAMMER,
    "80-date-dmy-dots.csv": "entry 1 (line 6), date: it is written 99.99.9999, which may be day-month-year or "
    "month-day-year." + SAY_WHICH,
    "82-date-dmy-short.csv": "entry 1 (line 6), date: it is written 99-99-99, which may be year-month-day or "
    "day-month-year." + SAY_WHICH,
    "86-date-excel-serial.csv": "entry 1 (line 6), date: it is written 99999, and that is no day: it is a number of "
    "days, as spreadsheets count them. It must be written as 2026-01-05." + CORRECT,
    "87-date-japan-era.csv": "entry 1 (line 6), date: it is written x9.9.9, and that is no day: its year is that of an "
    "era, which only the calendar japanese reads. It must be written as 2026-01-05." + CORRECT,
    "88-date-buddhist-2569.csv": "entry 1 (line 6), date: it is written 9999-99-99, which may be a year of the common "
    "era or a year of the Buddhist era." + SAY_WHICH,
    "90-date-feb-30.csv": "entry 1 (line 6), date: it is written 9999-99-99, and that is no day: the calendar has no "
    "such day. It must be written as 2026-01-05." + CORRECT,
    "91-date-us.csv": "entry 1 (line 6), date: it is written 9/9/9999, which may be day-month-year or month-day-year."
    + SAY_WHICH,
    "92-long-narration-wraps.csv": "entry 1: the text is 77 characters wide and its column holds 14. Nothing was "
    "accepted; shorten it.",
    "96-385-entries-one-too-many.csv": "The document does not fit: the paper ends at page 16 line 24; lines left over: "
    "1." + NEW_BOOK,
    "97-zero-entries.csv": "The document has no lines to print. Nothing was accepted; send one with at least one entry "
    "or line.",
    "98-empty-file.csv": "The document could not be read: line 1: the document ends above its header. Write "
    "date,text,withdrawal,deposit,balance, and below it a row for each entry." + PROGRAMMER,
    "99-only-metadata.csv": "The document could not be read: line 5: the document ends above its header. Write "
    "date,text,withdrawal,deposit,balance, and below it a row for each entry." + PROGRAMMER,
    "j1-numbers-not-strings.json": "entry 1, deposit (line 1, character 153): it is written without quotes, and that "
    "is "
    "no amount: an amount is a text, since a number of JSON may be rounded. It must be written as "
    '"deposit": "2500.00".' + CORRECT_JSON,
    "j3-extra-fields.json": "The document could not be read: entry 1 (line 1, character 106): it has narration, "
    "which is no field of the format; known: date, text, withdrawal, deposit, balance, others. "
    "Write only date, text, withdrawal, deposit, balance and others, such as "
    '"entries": [{"date": "2026-01-05", "text": "Salary", "deposit": "2500.00"}].' + PROGRAMMER,
    "j4-datetime.json": "entry 1, date (line 1, character 114): it is written 9999-99-99x99:99:99x, and that is no "
    "day: "
    "its time names a zone, and in another zone the day is another one. It must be written as 2026-01-05."
    + CORRECT_JSON,
    "j5-start-missing.json": "The document does not say on which page and line to start. Nothing was accepted; give "
    "both.",
    "j6-line-as-string.json": "The document could not be read: start, page (line 1, character 71): it is a text, "
    'and must be a whole number. Write "page": 3.' + PROGRAMMER,
    "t1-form-feed-between-pages.txt": "line 2: character 1 is a form feed (U+000C), a control character. Send each "
    "page "
    "as a document of its own." + PROGRAMMER,
    "t10-emoji.txt": "line 1, text: character 11 cannot be printed in code page cp858." + OTHER_LETTERS,
    "t2-tabs.txt": "line 1: character 5 is a tab (U+0009), a control character. Write blanks in its place."
    + PROGRAMMER,
    "t4-66-lines.txt": "The document does not fit: the paper ends at page 1 line 60; lines left over: 6." + NEW_BOOK,
    "t6-escpos-receipt.txt": "line 1: character 1 is an escape (U+001B), a control character. Send the text without "
    "the "
    "commands of a printer." + PROGRAMMER,
    "t8-cr-overstrike-bold.txt": "line 1: character 8 is a carriage return (U+000D), a control character. Write the "
    "text on one line; a line is not printed over another one." + PROGRAMMER,
    "t9-only-spaces.txt": "The document has no lines to print. Nothing was accepted; send one with at least one entry "
    "or line.",
}
"""Document -> the sentence that says how to mend it, with no word about the document."""

IMPORTED_REFUSED: Final[dict[str, tuple[str, str]]] = {
    "07-shift-jis.csv": (
        'encoding = "shift-jis"',
        "entry 1, text: character 1 cannot be printed in code page cp858." + OTHER_LETTERS,
    ),
    "90-date-feb-30.csv": (
        '[dates]\norder = "day-month-year"',
        "entry 1 (line 6), date: it is written 9999-99-99, and that is no day: its parts are not a year of four "
        "digits, "
        "a month and a day. It must be written as 05-01-2026." + CORRECT,
    ),
    "02-crlf.csv": (
        '[columns]\ndate = "Buchung"',
        "The document could not be read: line 5: the header has 5 names, and those in the columns 1, 2, 3, 4, 5 are "
        "not "
        "known. The import profile expects the columns Buchung; name another one (--import), or have it corrected."
        + PROGRAMMER,
    ),
    "22-decimal-comma-quoted.csv": (
        '[amounts]\ngrouping = ","',
        "entry 1 (line 6), deposit: it is written 9999,99, and that is no amount: its marks are not the "
        "decimal mark . and groups with ,. It must be written as 2500.00." + CORRECT,
    ),
    "30-leading-minus-overdraft.csv": (
        '[amounts]\nsign = "brackets"',
        "entry 1 (line 6), balance: it is written -9999.99, and that is no amount: its sign is written minus, and it "
        "must be written brackets. It must be written as (2500.00)." + CORRECT,
    ),
}
"""Document -> an import profile that is not its own, and the sentence then."""

TEXTS: Final[dict[str, dict[int, str]]] = {
    "t7-box-drawing.txt": {1: "┌────┐", 2: "│ OK │", 3: "└────┘"},
    "cover-page.txt": {
        1: ".",
        32: "   Member Personal Details",
        33: "   =======================",
        34: " Account No. : 001-22-334455",
        35: " Name        : R. EXAMPLE",
        36: " Address     : 12 SAMPLE ROAD",
        37: " City        : DEMOPUR",
        38: " Pin         : 000000",
        39: " Member since: 05/01/2026",
    },
}
"""Document -> its lines on a sheet."""
