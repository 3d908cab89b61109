"""What a change of a job does to its sheets of form stock; `_moved` is the one place that assigns a state of theirs.

The store applies this inside the transaction of the change (storage.tables.ledger), so that no power cut parts a debit
from the step for which the sheet was drawn, and no sheet is voided twice.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from msgspec.structs import replace

from passbook.errors import PassbookError
from passbook.job.issue import IN_USE, TRANSITIONS, IssuedSheet, IssueEvent, IssueState
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
    """The record with sheets that are drawn for it.  Raises PassbookError `forms-short` unless each page has one."""
    due = pages_due(record)
    if record.issue is None or tuple(sheet.page for sheet in sheets) != due:
        if not due and not sheets:
            return record
        form = record.issue.form if record.issue is not None else ""
        raise PassbookError("forms-short", form=form, printer=record.printer, needed=len(due))
    return replace(record, issue=replace(record.issue, sheets=(*record.issue.sheets, *sheets)))


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
    """The events that a change brings for one sheet that is in use, in their order, each with a reason."""
    lines = [n for n, step in enumerate(after.outline, 1) if step.page == sheet.page and step.kind.traits.is_line]
    if sheet.state not in IN_USE or not lines:
        return
    if after.confirmed < min(before.confirmed, lines[0]) and sheet.state is not IssueState.DRAWN:
        # All of it is printed once more, on a clean sheet; an order from a later line on goes on with this one.
        yield IssueEvent.SPOIL, Reason.ORDERED_AGAIN.value
        return
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
