"""Counting judged by a printer of paper: what it was told to strike, turn and give back, step by step."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from passbook.document.plan import StepKind, StepOutline
from passbook.job import changes
from passbook.job.figures import NO_FIGURES, Figures, counted, left
from passbook.job.record import Answered, Change, Encryption, Record, Verdict
from passbook.job.states import Reason
from passbook.protocol.media import Media

AT = "2026-03-02T09:30:00Z"
OUT = StepOutline(StepKind.EJECT, 9)


def record_of(*outline: StepOutline, confirmed: int = 0) -> Record:
    return Record(
        job_id="0a",
        requester="t",
        request_id="r",
        sequence=1,
        accepted_at=AT,
        format="text",
        printer="pr-1",
        encryption=Encryption.REQUESTER,
        steps=len(outline),
        outline=outline,
        size=1,
        confirmed=confirmed,
    )


def line(page: int, book: int = 1) -> StepOutline:
    """A line on a page; its number tells books apart whose pages have the same numbers."""
    return StepOutline(StepKind.LINE, page, book)


def turn(page: int) -> StepOutline:
    return StepOutline(StepKind.TURN, page)


@st.composite
def books(draw: st.DrawFn) -> tuple[StepOutline, ...]:
    """The outline of a job over one to four pages, and perhaps over as many of a new book."""
    steps: list[StepOutline] = []
    for page in range(3, 3 + draw(st.integers(1, 4))):
        steps += [turn(page)] if steps else []
        steps += [line(page)] * draw(st.integers(1, 4))
    if draw(st.booleans()):
        steps.append(StepOutline(StepKind.NEXT_BOOK, 3))
        for page in range(3, 3 + draw(st.integers(1, 4))):
            steps += [turn(page)] if page > 3 else []
            steps += [line(page, 2)] * draw(st.integers(1, 4))
    return (*steps, StepOutline(StepKind.EJECT, steps[-1].page))


class ModelPrinter:
    """One job at a printer that does a step after the other, stops, and is told by a person how to go on.

    It knows nothing of what is counted: it keeps what was done on paper, and what became of a step in doubt.
    """

    def __init__(self, outline: tuple[StepOutline, ...], data: st.DataObject) -> None:
        self.outline = outline
        self.data = data
        self.record = record_of(*outline)
        self.total = NO_FIGURES
        self.done: list[int] = []
        """Steps in the order in which they became certain."""

    def change(self, change: Change) -> None:
        before, self.record = self.record, change(self.record).record
        self.total += counted(before, self.record)

    def print_some(self) -> None:
        """Print until the end or a stop, with or without a step in doubt."""
        self.change(changes.start(AT, 1))
        stop = self.data.draw(st.integers(self.record.confirmed + 1, len(self.outline) + 1), label="stop")
        under_way: list[int] = []
        for step in range(self.record.confirmed + 1, stop):
            self.change(changes.journal(step - 1, step))
            self.done += under_way
            under_way = [step]
        if stop > len(self.outline):
            self.change(changes.finish_job(AT))
            self.done += under_way
            return
        if self.data.draw(st.booleans(), label="clear"):
            self.change(changes.journal(max([self.record.confirmed, *under_way]), 0))
            self.done += under_way
        self.change(changes.stop(Reason.ATTENTION, Media.UNKNOWN, AT))

    def answer(self) -> None:
        """Go on at any step that is possible; what lies before it and was in doubt is on paper."""
        seen = self.record.sending
        step = self.data.draw(st.integers(1, max(seen, self.record.confirmed) + 1), label="resume")
        if seen and step > seen:
            self.done.append(seen)
        given = Answered(self.record.epoch, Verdict.RESUME, step, seen, "t", "Ms Okafor")
        self.change(changes.answer(given, at=AT, date=AT[:10], trusted=True, second_operator=False))

    def on_paper(self) -> Figures:
        """Judged step by step: a page is begun by the first of its lines in the document."""
        first = {self.outline.index(step) + 1 for step in self.outline if step.kind is StepKind.LINE}
        kinds = [self.outline[step - 1].kind for step in self.done]
        pages = sum(step in first for step in self.done)
        given_back = kinds.count(StepKind.EJECT) + kinds.count(StepKind.NEXT_BOOK)
        return Figures(given_back, pages, kinds.count(StepKind.LINE))


@given(books(), st.data())
def test_what_is_counted_is_what_was_put_on_paper_however_often(
    outline: tuple[StepOutline, ...], data: st.DataObject
) -> None:
    printer = ModelPrinter(outline, data)
    for act in (printer.print_some, printer.answer) * data.draw(st.integers(1, 6), label="rounds"):
        if not printer.record.ended:
            act()
    assert printer.total == printer.on_paper()


@given(books(), st.data())
def test_what_was_counted_and_what_is_left_are_the_whole_job(
    outline: tuple[StepOutline, ...], data: st.DataObject
) -> None:
    before, after = (record_of(*outline, confirmed=data.draw(st.integers(0, len(outline)))) for _ in range(2))
    whole = left(record_of(*outline))
    assert whole == counted(record_of(*outline), before) + left(before)
    expected = left(before) if after.confirmed > before.confirmed else left(after)
    assert counted(before, after) + left(after) == expected


def test_a_job_over_two_pages_is_one_book_two_pages_and_its_lines() -> None:
    job = record_of(line(3), line(3), turn(4), line(4), OUT)
    assert left(job) == Figures(1, 2, 3)


def test_a_new_book_is_a_book_of_its_own_and_a_full_one_that_was_not_printed_on_is_none() -> None:
    change = StepOutline(StepKind.NEXT_BOOK, 3)
    assert left(record_of(line(3), change, line(3, 2), OUT)) == Figures(2, 2, 2)
    assert left(record_of(change, line(3, 2), OUT)) == Figures(1, 1, 1)


def test_going_on_in_the_middle_of_a_page_begins_no_page_and_its_first_line_again_does() -> None:
    outline = (line(3), line(3), line(3), OUT)
    at = {confirmed: record_of(*outline, confirmed=confirmed) for confirmed in range(5)}
    assert counted(at[1], at[3]) == Figures(0, 0, 2)
    assert counted(at[3], at[0]) == NO_FIGURES
    assert counted(at[0], at[1]) == Figures(0, 1, 1)


def test_a_step_in_doubt_is_left_until_somebody_says_that_it_is_on_paper() -> None:
    job = record_of(line(3), OUT)
    doubtful = changes.journal(0, 1)(changes.start(AT, 1)(job).record).record
    assert left(doubtful) == Figures(1, 1, 1)
    stopped = changes.stop(Reason.SILENT, Media.UNKNOWN, AT)(doubtful).record
    given_ = Answered(stopped.epoch, Verdict.RESUME, 2, 1, "t", "Ms Okafor")
    answered = changes.answer(given_, at=AT, date=AT[:10], trusted=True)(stopped).record
    assert counted(stopped, answered) == Figures(0, 1, 1)
    assert left(answered) == Figures(1, 0, 0)
