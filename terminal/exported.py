"""Lists for other programs: jobs, history and summaries as comma-separated values, moments in UTC."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from passbook.job.record import Answered, Reported
from passbook.protocol.copies_words import feeding_side
from passbook.protocol.history_reply import HistoryLine, Summary
from passbook.protocol.messages import JobView
from passbook.screen.csv_text import csv_text

_JOB: Final = (
    *("job", "terminal", "request", "requested_at", "changed_at", "printer", "state", "reasons", "lines_done", "lines"),
    *("priority", "format", "layout", "application", "name", "document_date"),
    *("keep", "feed", "if_apart", "moved", "fed_by", "fed_why", "fed_printer"),
    *("spool", "told_end", "told_clock_trusted", "told_entry"),
)


def jobs_csv(jobs: Sequence[JobView]) -> str:
    """The jobs, one a row."""
    return csv_text(_JOB, map(_job_cells, jobs))


def history_csv(lines: Sequence[HistoryLine]) -> str:
    """The entries of the history, one a row."""
    headings = ("at", "event", "order", "person", "at_terminal", "second_person", "reprints", *_JOB)
    return csv_text(headings, [(line.at, line.kind.value, *_decision(line), *_job_cells(line.job)) for line in lines])


def summary_csv(groups: Sequence[Summary]) -> str:
    """The groups, one a row; empty cells where no clock told the time."""
    names = Summary.__struct_fields__
    rows = [["" if (value := getattr(one, name)) is None else str(value) for name in names] for one in groups]
    return csv_text(names, rows)


def _decision(line: HistoryLine) -> tuple[str, ...]:
    order: Answered | None = line.proposed or line.answered
    if order is None:
        return "", "", "", "", str(line.reprints)
    second = order.seconded_by.person if order.seconded_by is not None else ""
    return order.verdict.value, order.person, order.terminal, second, str(line.reprints)


def _job_cells(job: JobView) -> tuple[str, ...]:
    fed = job.fed
    return (
        *(job.job, job.requester, job.client_request, job.accepted_at, job.changed_at, job.printer, job.state.value),
        *(" ".join(reason.value for reason in job.reasons), str(job.lines_done), str(job.lines)),
        *(str(job.priority), job.format, job.layout, job.application, job.name, job.document_date),
        *(job.choice.keep.value, job.choice.feed.value, job.choice.if_apart.value, job.moved),
        *(feeding_side(job).value, "" if fed is None else fed.why, "" if fed is None else fed.printer),
        *(job.side.value, *_told_end(job.reported)),
    )


def _told_end(told: Reported | None) -> tuple[str, str, str]:
    """The time when the other spool ended its copy, whether its clock was trusted, and its entry as `area/number`."""
    if told is None:
        return "", "", ""
    return told.at, "yes" if told.clock_trusted else "no", f"{told.area}/{told.entry}" if told.entry else ""
