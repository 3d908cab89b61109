"""A document or request that is wrong gets one sentence and a stable code, and nothing is disturbed."""

from __future__ import annotations

import base64
from typing import Any, Final

import pytest

from drivers.simulator.faults import Now, Target
from passbook.document.drafts import StartLine
from passbook.errors import PassbookError
from passbook.protocol.messages import MAX_DOCUMENT, MAX_PIECE
from passbook.protocol.uploads import UPLOADS_LIMIT
from tests.scenarios.books import Statement
from tests.scenarios.clerk import as_terminal
from tests.scenarios.conftest import OpenOffice
from tests.scenarios.door import REFUSED, STATEMENT, command, completions, refusal, request
from tests.scenarios.office import Office


def csv(
    *entries: str, head: str = "# layout: savings-24\n# account: DE-1\n# currency: EUR\n# start: page 3 line 1\n"
) -> str:
    return head + "date,text,withdrawal,deposit,balance\n" + "".join(f"{entry}\n" for entry in entries)


GOOD: Final = "2026-03-01,Miete,845.00,,7755.55"
DOCUMENTS: Final = {
    "amount-not-decimal": [
        csv(GOOD, f"2026-03-01,Miete,{REFUSED},,7755.55"),
        csv("2026-03-01,Miete,1e3,,7755.55"),
        csv("2026-03-01,Miete,0x10,,7755.55"),
        csv("2026-03-01,Miete,٣,,7755.55"),
        csv("2026-03-01,Miete,,,nan"),
    ],
    "amount-too-fine": [csv("2026-03-01,Miete,845.0012,,7755.55")],
    "two-readings": [csv("2026-03-01,Miete,845.001,,7755.55"), csv("03/04/2026,Miete,845.00,,7755.55")],
    "column-overflow": [
        csv(f"2026-03-01,{REFUSED}{REFUSED},1.00,,7755.55"),
        csv("2026-03-01,Miete,123456789012.00,,7755.55"),
    ],
    "not-in-code-page": [csv(GOOD, f"2026-03-01,{REFUSED[:9]}☃,1.00,,1.00"), csv("2026-03-01,Łódź,1.00,,1.00")],
    "control-byte": [
        csv(f"2026-03-01,{REFUSED[:9]}\x1b,1.00,,1.00"),
        csv("2026-03-01,a\x7f,1.00,,1.00"),
        csv("2026-03-01,a\x00b,1.00,,1.00"),
        csv("2026-03-01,a\u202eb,1.00,,1.00"),
        csv('2026-03-01,"a\rb",1.00,,1.00'),
    ],
    "past-last-line": [csv(*[GOOD] * 400)],
    "start-not-in-book": [
        csv(GOOD, head="# layout: savings-24\n# account: DE-1\n# currency: EUR\n# start: page 99 line 1\n")
    ],
    "start-not-given": [csv(GOOD, head="# layout: savings-24\n# account: DE-1\n# currency: EUR\n# start: ask\n")],
    "unknown-layout": [csv(GOOD, head="# layout: other\n# account: DE-1\n# currency: EUR\n# start: page 3 line 1\n")],
    "unknown-currency": [
        csv(GOOD, head="# layout: savings-24\n# account: DE-1\n# currency: ABC\n# start: page 3 line 1\n")
    ],
    "date-not-valid": [csv("2026-02-30,Miete,1.00,,1.00")],
    "document-empty": [csv()],
    "document-malformed": ["", REFUSED, csv(f"{REFUSED},1"), csv('2026-03-01,"open,1.00,,1.00'), "# account: x\n"],
}


@pytest.mark.long
@pytest.mark.parametrize("code", DOCUMENTS)
def test_a_document_that_cannot_be_printed_is_refused(door: Office, code: str) -> None:
    for document in DOCUMENTS[code]:
        assert refusal(door, request(door, document)).code == code, ascii(document[-60:])


def test_bytes_that_are_no_text_are_refused(door: Office) -> None:
    assert refusal(door, request(door, STATEMENT.csv().encode("latin-1"))).code == "document-malformed"


@pytest.mark.parametrize(
    ("code", "facts"),
    [
        ("unknown-printer", {"printer": "window-9"}),
        ("unknown-printer", {"printer": "\x1b[2J" * 30}),
        ("unknown-layout", {"layout": "no-such"}),
        ("layout-unfit", {"layout": "sheet"}),
        ("unknown-format", {"format": "picture"}),
        ("unknown-upload", {"document": b"", "upload": "never-sent"}),
        ("start-not-in-book", {"start": StartLine(3, 25)}),
        ("past-last-line", {"start": StartLine(16, 23)}),
        ("key-missing", {"key": b"", "key_ref": ""}),
        ("key-malformed", {"key": b"short"}),
        ("invalid-message", {"client_request": ""}),
        ("invalid-message", {"client_request": "r" * 129}),
        ("invalid-message", {"client_request": "a\nb"}),
        ("priority-not-allowed", {"priority": 101}),
        ("priority-not-allowed", {"priority": 0}),
    ],
)
def test_a_request_that_cannot_be_served_is_refused(door: Office, code: str, facts: dict[str, Any]) -> None:
    assert refusal(door, request(door, STATEMENT.csv(), **facts)).code == code


def test_a_document_that_is_too_large_is_refused_while_it_comes(door: Office) -> None:
    piece = {"upload": "u", "data": base64.b64encode(bytes(MAX_PIECE)).decode()}
    pieces = [command("Spooler.UploadPiece", piece, number) for number in range(1, MAX_DOCUMENT // MAX_PIECE + 2)]
    *taken, refused = completions(door, pieces)
    assert {one["header"]["completionCode"] for one in taken} == {"success"}
    assert refused["payload"]["errorCode"] == "document-too-large"


def test_too_many_uploads_at_once_are_refused(door: Office) -> None:
    numbers = range(1, UPLOADS_LIMIT + 2)
    pieces = [command("Spooler.UploadPiece", {"upload": f"u{n}", "data": "QUJD"}, n) for n in numbers]
    *taken, refused = completions(door, pieces)
    assert {one["header"]["completionCode"] for one in taken} == {"success"}
    assert refused["payload"]["errorCode"] == "too-many-uploads"


# Room, and requests sent again


def test_a_request_id_used_again_with_other_content_is_refused(office: Office) -> None:
    first = request(office, STATEMENT.csv())
    job = as_terminal(office.counter, lambda client: client.submit(first)).job
    assert as_terminal(office.counter, lambda client: client.submit(first)).job == job
    assert refusal(office, request(office, Statement(601, 3).csv())).code == "request-reused"
    assert refusal(office, request(office, STATEMENT.csv(), start=StartLine(4, 1))).code == "request-reused"
    assert [one["job"] for one in office.told("jobs")] == [job]


@pytest.mark.long
def test_when_no_area_has_room_nothing_is_accepted_and_nothing_else_is_disturbed(open_office: OpenOffice) -> None:
    office = open_office(quota="27 MiB")
    office.hands.cut(Target.PRINTER, Now())
    padding = "\n" * 900_000
    accepted = 0
    while (code := fill(office, f"request-{accepted}", STATEMENT.csv() + padding)) == "":
        accepted += 1
    assert code == "no-area-has-room"
    jobs = office.told("jobs")
    assert len(jobs) == accepted > 2
    small = request(office, STATEMENT.csv(), client_request="request-small")
    last = as_terminal(office.counter, lambda client: client.submit(small))
    assert [one["job"] for one in office.told("jobs")] == [*(job["job"] for job in jobs), last.job]


def fill(office: Office, name: str, document: str) -> str:
    """Have one more job accepted, where most is free (P6); the code when it was refused."""
    free = free_by_area(office)
    try:
        as_terminal(office.counter, lambda client: client.submit(request(office, document, client_request=name)))
    except PassbookError as refused:
        return refused.code
    left = free_by_area(office)
    assert [area for area in free if left[area] < free[area]] == [max(free, key=lambda area: free[area])]
    return ""


def free_by_area(office: Office) -> dict[str, int]:
    """Area name -> bytes that new jobs may take."""
    return {area["name"]: area["free"] for area in office.told("areas")}
