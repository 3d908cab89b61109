"""The screens of a teller's terminal for the pages of docs/, made by the real code."""

from __future__ import annotations

import re
from typing import Final

from msgspec.structs import replace

from passbook.document.documents import parse_document
from passbook.document.layout import BookLayout
from passbook.document.layout_file import parse_layout
from passbook.document.page_drawing import drawn_pages
from passbook.document.placing import place
from passbook.document.plan import Plan, StepKind, outline
from passbook.job.choice import Choice, Fed, IfApart, Keep, Side
from passbook.job.print_right import RightState
from passbook.job.record import Answered, OnPaper, Verdict
from passbook.job.states import JobState, Reason
from passbook.job.waiting import Waiting, Why
from passbook.protocol.messages import JobView, Question
from passbook.protocol.notice import Notice
from passbook.protocol.progress import end_words
from passbook.protocol.two_spools import AgentSettings
from passbook.screen.page_rows import page_rows
from terminal.dialogue import choices
from terminal.own_copy import texts_of
from terminal.picture import USUAL_WIDTH, picture
from terminal.preview_text import caption
from terminal.spool_figures import spool_lines
from terminal.tables_of_jobs import jobs_table
from tests.house import ROOT
from tests.terminal.samples import question, view

FORMAT: Final = "passbook-update+csv"
JOB: Final = "7f3a09c2d1e84b55"
STATEMENT: Final = b"""\
# layout: savings-24
# account: DE-DEMO-4711-08
# currency: EUR
# start: page 3 line 22
date,text,withdrawal,deposit,balance
2026-02-02,Salary Jan.,,2480.00,8600.55
2026-02-03,Rent,845.00,,7755.55
2026-02-04,Bakery,12.40,,7743.15
2026-02-06,Cash machine,150.00,,7593.15
2026-02-09,Electricity,96.35,,7496.80
"""
"""Three lines on page 3, a turn, two lines on page 4: steps 1 to 3, 4, 5 and 6; step 7 gives the book back."""

AT: Final = "19:20"
"""The time by the clock on the wall."""

_MARK: Final = re.compile(r"(<!-- screen: ([a-z ]+) -->\n```text\n).*?(```)", re.DOTALL)


def _placed() -> tuple[BookLayout, Plan]:
    """The statement in its book."""
    layout_file = ROOT / "passbook" / "layouts" / "savings-24.toml"
    layout = parse_layout("savings-24", layout_file.read_bytes(), layout_file.name)
    return layout, place(parse_document(FORMAT, STATEMENT), layout, codec="cp858", code_page="cp858")


def asked_about(confirmed: int, sending: int = 0, reason: Reason = Reason.POWER_LOSS) -> Question:
    """The question about the statement after it stopped there."""
    _, plan = _placed()
    begun = confirmed or sending
    state = JobState.PROCESSING_STOPPED if begun else JobState.PENDING_HELD
    job = _job(state=state, reasons=(reason,), valid=False, epoch=1, confirmed=confirmed, sending=sending)
    return question(job, outline(plan))


def _job(**changes: object) -> JobView:
    return replace(view(job=JOB, requester="counter-1", printer="window-1"), **changes)


def _asked(question: Question, *, own_copy: bool = True) -> list[str]:
    """The picture and, for a person at the terminal, the choices."""
    texts = texts_of(FORMAT, STATEMENT) if own_copy else None
    return [*picture(question, texts, when=AT), *(choices(question, "counter-1") if own_copy else [])]


def _ended() -> list[str]:
    """A job that a person cancelled in the middle, and one without an answer."""
    cancelled = _job(state=JobState.CANCELED, reasons=(Reason.CANCELED_BY_PERSON,))
    expired = replace(_job(state=JobState.ABORTED, reasons=(Reason.EXPIRED,), begun=False), job="1b8e44d09a7c6f20")
    on_paper = {cancelled: OnPaper(confirmed=2, lines=5), expired: OnPaper(confirmed=0, lines=5)}
    return [f"{AT}  {end_words(Notice(job, paper, None, None))}" for job, paper in on_paper.items()]


def _proposed() -> Question:
    """A question to which a person has ordered lines again that are on paper."""
    order = Answered(epoch=1, verdict=Verdict.PRINT, step=1, in_doubt=2, terminal="counter-1", person="Ann Example")
    return replace(asked_about(1, 2), proposed=order)


def _without_right() -> Question:
    """A question of the appliance about a job that its silent terminal may have printed."""
    asked = asked_about(0, reason=Reason.TERMINAL_SILENT)
    return replace(asked, job=replace(asked.job, right=RightState.AWAY))


def _list() -> list[str]:
    """Two jobs with two copies, one of which the appliance prints since its terminal is silent."""
    sent = {"accepted_at": AT, "lines": 5, "name": "Statement May", "document_date": "2026-05-03"}
    both = Choice(Keep.BOTH, Side.TERMINAL, IfApart.APPLIANCE)
    moved = _job(state=JobState.PROCESSING, choice=both, fed=Fed(Side.APPLIANCE, Reason.TERMINAL_SILENT), **sent)
    waits = _job(job="1b8e44d09a7c6f20", accepted_at=AT, lines=12, choice=both, waiting=Waiting(Why.TERMINAL_COPY))
    return jobs_table((moved, waits), USUAL_WIDTH)


def _spool() -> list[str]:
    """A spool that is nearly full, beside a network that is not busy."""
    # A stamp that is none is shown as it is; so the page does not depend on the day.
    return spool_lines(
        AgentSettings(
            Keep.BOTH,
            Side.APPLIANCE,
            IfApart.ASK,
            jobs=41,
            used=119 * 2**20,
            most=128 * 2**20,
            percent=96,
            start_at=85,
            stopped=Reason.NEARLY_FULL.value,
            since=AT,
            round_trip=4,
        )
    )


def _preview() -> list[str]:
    layout, plan = _placed()
    page = drawn_pages(plan, layout.sheet, layout)[0]
    return [caption(JOB, layout.name, page, 4), *page_rows(page, USUAL_WIDTH)]


def screens() -> dict[str, list[str]]:
    """Name -> its lines."""
    given_back = next(n for n, step in enumerate(asked_about(0).outline, 1) if step.kind is StepKind.EJECT)
    return {
        "a line in doubt": _asked(asked_about(1, 2)),
        "nothing in doubt": _asked(asked_about(2, reason=Reason.MEDIA_NEEDED)),
        "the page was turned": _asked(asked_about(4)),
        "the book was being given back": _asked(asked_about(given_back - 1, given_back)),
        "nothing was printed": _asked(asked_about(0)),
        "ended jobs": _ended(),
        "a second person": [*_asked(_proposed(), own_copy=False), *choices(_proposed(), "manager")],
        "another terminal": _asked(asked_about(1, 2), own_copy=False),
        "the list of jobs": _list(),
        "the spool of this terminal": _spool(),
        "a preview": _preview(),
        "without the print right": _asked(_without_right()),
    }


def page_with_screens(name: str) -> str:
    """The page of docs/ with the present screens."""
    shown = screens()

    def screen(match: re.Match[str]) -> str:
        return match[1] + "".join(f"{line.rstrip()}\n" for line in shown[match[2]]) + match[3]

    return _MARK.sub(screen, (ROOT / "docs" / name).read_text("utf-8"))


def shown_in(page: str) -> set[str]:
    """The names of the screens in a page."""
    return {match[2] for match in _MARK.finditer(page)}
