"""What a change of a job does to its sheets of form stock; `_moved` is the one place that assigns a state of theirs.

The store applies this inside the transaction of the change (storage.tables.ledger), so that no power cut parts a debit
from the step for which the sheet was drawn, and no sheet is voided twice.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from msgspec.structs import replace

from passbook.errors import PassbookError
from passbook.job.issue import TRANSITIONS, IssuedSheet, IssueEvent, IssueState
from passbook.job.record import Change, Outcome, Record
from passbook.job.states import JobState, Reason
from passbook.job.stock_moves import StockKind, StockMove


def pages_due(record: Record) -> tuple[int, ...]:
    """The pages that are left to print and for which no sheet is drawn."""
    if record.issue is None:
        return ()
    drawn = record.issue.in_use()
    left = {step.page: None for step in record.outline[record.confirmed :] if step.kind.traits.is_line}
    return tuple(page for page in left if page not in drawn)


def with_sheets(record: Record, sheets: Sequence[IssuedSheet]) -> Record:
    """The record with sheets that are drawn for it; steps on an earlier sheet of theirs do not count as sent any more.

    Raises PassbookError `forms-short` unless each page has one.
    """
    due = pages_due(record)
    if not due and not sheets:
        return record
    if record.issue is None or tuple(sheet.page for sheet in sheets) != due:
        form = record.issue.form if record.issue is not None else ""
        raise PassbookError("forms-short", form=form, printer=record.printer, needed=len(due))
    # No later answer may go on in the middle of a page whose lines were sent to the sheet before this one.
    sent_before = min(record.sent_before, lines_of(record, due[0])[0] - 1)
    return replace(record, sent_before=sent_before, issue=replace(record.issue, sheets=(*record.issue.sheets, *sheets)))


def lines_of(record: Record, page: int) -> list[int]:
    """The steps that put the lines of a page on paper."""
    return [n for n, step in enumerate(record.outline, 1) if step.page == page and step.kind.traits.is_line]


def wait_for_forms(at: str) -> Change:
    """Note that a job that may print waits for sheets of its form; change no job that does anything else."""

    def change(record: Record) -> Outcome:
        waits = record.valid and record.state is JobState.PENDING and record.reasons != (Reason.MEDIA_EMPTY,)
        return Outcome(replace(record, reasons=(Reason.MEDIA_EMPTY,), changed_at=at) if waits else record)

    return change


def issued(before: Record, after: Record) -> tuple[Record, tuple[StockMove, ...]]:
    """The record after a change, with what became of its sheets, and the moves of stock that this makes."""
    if after.issue is None:
        return after, ()
    known = len(before.issue.sheets) if before.issue is not None else 0
    sheets: list[IssuedSheet] = []
    moves: list[StockMove] = []
    for number, sheet in enumerate(after.issue.sheets):
        now = _noted(sheet, before, after)
        if number >= known:
            moves.append(_move(after, now, StockKind.DEBITED))
        if now.state is not sheet.state and now.state in _KINDS:
            moves.append(_move(after, now, _KINDS[now.state]))
        sheets.append(now)
    moves.sort(key=lambda move: (move.kind, move.first))
    if sheets == list(after.issue.sheets):
        return after, _together(moves)
    return replace(after, issue=replace(after.issue, sheets=tuple(sheets))), _together(moves)


_KINDS = {IssueState.VOIDED: StockKind.VOIDED, IssueState.SPOILED: StockKind.SHEET_SPOILED}


def _noted(sheet: IssuedSheet, before: Record, after: Record) -> IssuedSheet:
    for event, reason in _events(sheet, before, after):
        if (sheet.state, event) in TRANSITIONS:
            sheet = _moved(sheet, event, reason)
    return sheet


def _moved(sheet: IssuedSheet, event: IssueEvent, reason: str) -> IssuedSheet:
    state = TRANSITIONS[sheet.state, event]
    return replace(sheet, state=state, reason=reason if state is IssueState.SPOILED else "")


def _events(sheet: IssuedSheet, before: Record, after: Record) -> Iterator[tuple[IssueEvent, str]]:
    """The events that a change may bring for one sheet, in their order, each with a reason."""
    lines = lines_of(after, sheet.page)
    if not lines:
        return
    if sheet.state is IssueState.SET_ASIDE and after.issue is not None and sheet.page in after.issue.in_use():
        yield IssueEvent.SPOIL, Reason.ORDERED_AGAIN.value
        return
    if after.confirmed < min(before.confirmed, lines[0]):
        # All of it is printed once more, on a clean sheet; an order from a later line on goes on with this one.
        yield IssueEvent.ORDER_AGAIN, ""
    if after.confirmed >= lines[0]:
        yield IssueEvent.GO_ON, ""
    if after.sending in lines:
        yield IssueEvent.BEGIN, ""
    if after.confirmed >= lines[-1]:
        yield IssueEvent.CONFIRM, ""
    if after.ended:
        yield IssueEvent.VOID, ""
        if after.confirmed < lines[-1]:
            yield IssueEvent.SPOIL, after.reasons[0].value if after.reasons else ""


def _move(record: Record, sheet: IssuedSheet, kind: StockKind) -> StockMove:
    form = record.issue.form if record.issue is not None else ""
    return StockMove(
        kind, record.printer, form, sheet.cassette, first=sheet.number, job=record.job_id, reason=sheet.reason
    )


def _together(moves: Sequence[StockMove]) -> tuple[StockMove, ...]:
    """Moves of one kind of sheets that follow each other as one move."""
    found: list[StockMove] = []
    for move in moves:
        last = found[-1] if found else None
        if last is not None and move == replace(last, count=1, first=last.first and last.first + last.count):
            found[-1] = replace(last, count=last.count + 1)
        else:
            found.append(move)
    return tuple(found)
