from __future__ import annotations

import threading
from collections.abc import Callable

import msgspec
import pytest

from drivers.dialects.pr2.pr2_dialect import Pr2
from drivers.session import TRANSITIONS, SessionEvent, SessionMisuse, SessionState
from drivers.simulator.faults import Cut, Fault, FaultKind, Now, Target
from drivers.simulator.paper import Paper
from drivers.stop import MechanismStop
from passbook.document.plan import Line, Run, Sheet
from passbook.errors import PassbookError
from passbook.job.states import Reason
from passbook.protocol.media import Device, MechanismStatus, Media
from tests.drivers.conftest import OpenWorkbench
from tests.drivers.workbench import RULER, SHEET, SHORT_ANSWER, WAIT, Workbench, line, once, text_of


def stopped(reason: Reason, operation: Callable[..., object], *arguments: object) -> MechanismStop:
    with pytest.raises(MechanismStop) as caught:
        operation(*arguments)
    assert caught.value.reason is reason
    return caught.value


def nobody() -> None:
    """Nobody comes."""


def unasked() -> None:
    """Nobody may be asked."""
    pytest.fail("a person was asked")


@pytest.mark.parametrize("kind", ["tcp", "pty"])
def test_lines_of_a_job_are_struck_once_at_their_places_and_the_book_is_given_back(
    open_workbench: OpenWorkbench, kind: str
) -> None:
    workbench = open_workbench(kind)
    session = workbench.session()
    assert session.clean_up() is Media.NOT_PRESENT
    workbench.insert(session)
    workbench.print_lines(session, 1, 2, 10, 11, 20)
    session.eject()
    workbench.machine.take()
    session.wait_taken(WAIT)
    assert session.state is SessionState.READY
    assert workbench.struck() == once(1, 2, 10, 11, 20)


def test_a_page_turn_is_eject_taken_and_insert(workbench: Workbench) -> None:
    session = workbench.inserted(page=3)
    workbench.print_lines(session, 20)
    session.eject()
    workbench.machine.take()
    session.wait_taken(WAIT)
    workbench.insert(session, page=4)
    session.print_line(line(1, page=4))
    session.confirm()
    assert set(workbench.struck()) == {(3, 20), (4, 1)}


def test_a_line_stands_at_the_pitch_and_the_left_edge_of_its_own_sheet(workbench: Workbench) -> None:
    session = workbench.session()
    session.clean_up()
    for page, sheet in ((3, Sheet(SHEET.height, 12, 255)), (4, SHEET), (5, Sheet(SHEET.height, 16.7))):
        workbench.insert(session, page, sheet)
        session.print_line(line(1, page=page))
        session.confirm()
        session.eject()
        workbench.machine.take()
        session.wait_taken(WAIT)
    pages = Paper.load(workbench.paper_file).books["B1"].pages
    assert {(run.cpi, run.left) for run in pages[3].runs} == {(12.0, 14 * 18)}
    assert {(run.cpi, run.left) for run in pages[4].runs} == {(10.0, 0)}
    assert {(run.cpi, run.left) for run in pages[5].runs} == {(50 / 3, 0)}
    assert set(workbench.struck()) == {(3, 1), (4, 1), (5, 1)}


def test_letters_of_the_code_page_reach_the_paper(workbench: Workbench) -> None:
    session = workbench.inserted()
    session.print_line(line(1, "Überweisung 5 €"))
    session.confirm()
    ((text, times),) = workbench.struck()[3, 1]
    assert "Überweisung 5 €" in text
    assert times == 1


@pytest.mark.parametrize("text", ["two\nlines", "\x1bO", "\x7f", "\x85", "Ω", "a\u200bb"])
def test_text_that_cannot_be_printed_is_refused_before_a_byte_is_sent(workbench: Workbench, text: str) -> None:
    session = workbench.inserted()
    before = workbench.machine.state().received
    with pytest.raises(PassbookError) as caught:
        session.print_line(line(1, text))
    assert caught.value.code in {"control-byte", "not-in-code-page"}
    assert text not in str(caught.value)
    workbench.print_lines(session, 1)
    assert workbench.machine.state().received > before
    assert workbench.struck() == once(1)


def test_a_place_beyond_the_page_is_refused_by_the_mechanism_before_any_text(workbench: Workbench) -> None:
    session = workbench.inserted()
    stop = stopped(Reason.NOT_ACCEPTED, session.print_line, Line(3, 21, SHEET.height + 9, (Run(1, "x"),)))
    assert stop.detail == "status-34"
    assert workbench.struck() == {}


def test_a_place_that_no_four_digits_can_say_is_refused(workbench: Workbench) -> None:
    session = workbench.inserted()
    stopped(Reason.NOT_ACCEPTED, session.print_line, Line(3, 1, 100_000, (Run(1, "x"),)))
    stopped(Reason.NOT_ACCEPTED, session.print_line, Line(3, 1, -9, (Run(1, "x"),)))


@pytest.mark.parametrize(
    "sheet", [Sheet(100), Sheet(500 * 2160), Sheet(SHEET.height, 11), Sheet(SHEET.height, 10, 18 * 1000)]
)
def test_a_sheet_that_no_printer_takes_is_refused(workbench: Workbench, sheet: Sheet) -> None:
    session = workbench.session()
    session.clean_up()
    stopped(Reason.NOT_ACCEPTED, session.insert, sheet, 1.0, unasked)


def test_no_insertion_in_time_is_media_needed_and_a_clean_up_leads_on(workbench: Workbench) -> None:
    session = workbench.session()
    session.clean_up()
    stopped(Reason.MEDIA_NEEDED, session.insert, SHEET, 0.0, nobody)
    assert session.clean_up() is Media.NOT_PRESENT
    workbench.insert(session)


def test_a_book_that_lay_there_before_the_prompt_is_not_taken_for_the_one_asked_for(workbench: Workbench) -> None:
    session = workbench.session()
    session.clean_up()
    workbench.machine.insert("B1", 3, RULER)
    stopped(Reason.MEDIA_NOT_TAKEN, session.insert, SHEET, 1.0, unasked)
    assert session.clean_up() is Media.ENTERING
    assert session.state is SessionState.GIVEN_BACK


def test_a_book_that_is_not_taken_can_be_waited_for_again(workbench: Workbench) -> None:
    session = workbench.inserted()
    workbench.print_lines(session, 1)
    session.eject()
    stopped(Reason.MEDIA_NOT_TAKEN, session.wait_taken, 0.0)
    workbench.machine.take()
    session.wait_taken(WAIT)
    assert session.state is SessionState.READY


def test_an_insertion_that_announces_itself_while_the_taking_is_awaited_is_told_and_the_wait_goes_on(
    workbench: Workbench,
) -> None:
    session = workbench.inserted()
    session.eject()
    stopped(Reason.MEDIA_NOT_TAKEN, session.wait_taken, 0.0, unasked)
    workbench.machine.turn(4)
    told: list[str] = []

    def put_back() -> None:
        told.append("put back")
        workbench.machine.take()

    session.wait_taken(WAIT, put_back)
    assert told == ["put back"]
    assert session.state is SessionState.READY


def test_a_book_that_lies_there_before_the_prompt_can_be_waited_for_without_a_clean_up(workbench: Workbench) -> None:
    session = workbench.session()
    session.clean_up()
    workbench.machine.insert("B1", 3, RULER)
    stopped(Reason.MEDIA_NOT_TAKEN, session.insert, SHEET, 1.0, unasked)
    workbench.machine.take()
    session.wait_taken(WAIT)
    workbench.insert(session)
    workbench.print_lines(session, 1)
    assert workbench.struck() == once(1)


def test_an_interrupt_ends_the_wait_for_an_insertion_at_once(workbench: Workbench) -> None:
    session = workbench.session()
    session.clean_up()

    asked = threading.Event()

    def person() -> None:
        assert asked.wait(WAIT)
        session.interrupt()

    thread = threading.Thread(target=person)
    thread.start()
    stopped(Reason.CANCELED_BY_PERSON, session.insert, SHEET, 600.0, asked.set)
    thread.join()


def test_an_interrupt_ends_the_wait_for_the_taking_at_once(workbench: Workbench) -> None:
    session = workbench.inserted()
    session.eject()
    thread = threading.Thread(target=session.interrupt)
    thread.start()
    stopped(Reason.CANCELED_BY_PERSON, session.wait_taken, 600.0)
    thread.join()


def test_an_interrupt_between_two_operations_is_not_lost_and_a_clean_up_forgets_it(workbench: Workbench) -> None:
    session = workbench.session()
    session.clean_up()
    session.interrupt()
    stopped(Reason.CANCELED_BY_PERSON, session.insert, SHEET, 600.0, nobody)
    assert session.clean_up() is Media.NOT_PRESENT


def test_an_interrupt_stops_no_step_under_way_but_the_next_wait_for_a_person(workbench: Workbench) -> None:
    session = workbench.inserted()
    session.interrupt()
    workbench.print_lines(session, 1)
    session.print_line(line(2))
    session.interrupt()
    session.confirm()
    assert session.status().media is Media.PRESENT
    session.eject()
    stopped(Reason.CANCELED_BY_PERSON, session.wait_taken, 600.0)
    assert workbench.struck() == once(1, 2)


def test_an_interrupt_is_not_asked_of_a_person_who_has_acted_already(workbench: Workbench) -> None:
    session = workbench.inserted()
    session.eject()
    workbench.machine.take()
    session.interrupt()
    session.wait_taken(WAIT)
    assert session.state is SessionState.READY


def test_a_clean_up_forgets_an_interrupt(workbench: Workbench) -> None:
    session = workbench.session()
    session.interrupt()
    session.clean_up()
    workbench.insert(session)
    workbench.print_lines(session, 1)
    session.interrupt()
    assert session.clean_up() is Media.PRESENT
    workbench.machine.take()
    session.wait_taken(WAIT)
    assert session.state is SessionState.READY


def test_nobody_waits_for_a_taking_when_nothing_was_put_in(workbench: Workbench) -> None:
    session = workbench.session()
    session.clean_up()
    session.wait_taken(0.0)
    assert session.state is SessionState.READY


def test_a_book_that_came_unasked_can_be_waited_for_before_another_is_asked_for(workbench: Workbench) -> None:
    session = workbench.session()
    session.clean_up()
    workbench.machine.insert("B1", 3, RULER)
    stopped(Reason.MEDIA_NOT_TAKEN, session.wait_taken, 0.0)
    workbench.machine.take()
    session.wait_taken(WAIT)
    workbench.insert(session)


def test_a_person_is_asked_only_by_a_mechanism_that_has_taken_its_set_up(workbench: Workbench) -> None:
    code_pages = {"cp858": msgspec.structs.replace(workbench.profile.code_pages["cp858"], number=999)}
    workbench.profile = msgspec.structs.replace(workbench.profile, code_pages=code_pages)
    session = workbench.session()
    session.clean_up()
    stopped(Reason.NOT_ACCEPTED, session.insert, SHEET, 600.0, unasked)


@pytest.mark.parametrize(
    ("kind", "reason"),
    [
        (FaultKind.JAM, Reason.MEDIA_JAM),
        (FaultKind.COVER_OPEN, Reason.COVER_OPEN),
        (FaultKind.RIBBON_OUT, Reason.RIBBON_OUT),
        (FaultKind.GARBAGE, Reason.GARBLED),
        (FaultKind.HALF_REPLY, Reason.GARBLED),
        (FaultKind.SILENT, Reason.SILENT),
    ],
)
def test_a_fault_in_a_line_stops_its_confirmation_with_its_reason(
    open_workbench: OpenWorkbench, kind: FaultKind, reason: Reason
) -> None:
    workbench = open_workbench(answer=SHORT_ANSWER)
    session = workbench.inserted()
    workbench.machine.fault(Fault(kind, line=2))
    workbench.print_lines(session, 1)
    session.print_line(line(2))
    stopped(reason, session.confirm)
    assert session.state is SessionState.UNKNOWN
    never_struck = kind in {FaultKind.JAM, FaultKind.COVER_OPEN, FaultKind.RIBBON_OUT}
    assert workbench.struck() == (once(1) if never_struck else once(1, 2))


@pytest.mark.parametrize("kind", [FaultKind.COVER_OPEN, FaultKind.RIBBON_OUT, FaultKind.SILENT, FaultKind.JAM])
def test_after_mending_a_clean_up_drops_the_line_that_waited_and_gives_the_book_back(
    open_workbench: OpenWorkbench, kind: FaultKind
) -> None:
    workbench = open_workbench(answer=SHORT_ANSWER)
    session = workbench.inserted()
    workbench.machine.fault(Fault(kind, line=1))
    session.print_line(line(1))
    with pytest.raises(MechanismStop):
        session.confirm()
    workbench.machine.mend()
    found = session.clean_up()
    assert found is (Media.NOT_PRESENT if kind is FaultKind.JAM else Media.PRESENT)
    if found is Media.PRESENT:
        workbench.machine.take()
        session.wait_taken(WAIT)
    workbench.insert(session)
    workbench.print_lines(session, 2)
    assert workbench.struck() == (once(1, 2) if kind is FaultKind.SILENT else once(2))


def test_a_jam_leaves_the_characters_that_were_struck(workbench: Workbench) -> None:
    session = workbench.inserted()
    workbench.machine.fault(Fault(FaultKind.JAM, line=1, characters=5))
    session.print_line(line(1))
    stopped(Reason.MEDIA_JAM, session.confirm)
    assert workbench.struck() == {(3, 1): [("01.05", 1)]}
    assert session.status().conditions == ("media-jam",)
    assert session.status().media is Media.JAMMED


def test_a_mechanism_that_answers_early_has_struck_the_line_before_its_answer_confirms_it(workbench: Workbench) -> None:
    session = workbench.inserted()
    workbench.machine.fault(Fault(FaultKind.EARLY_REPLIES))
    session.print_line(line(1))
    session.status()
    assert workbench.struck() == {}
    session.confirm()
    assert workbench.struck() == once(1)
    workbench.print_lines(session, 2)
    workbench.machine.cut(Cut(Target.PRINTER, Now()))
    assert workbench.struck() == once(1, 2)


def test_a_mechanism_that_answers_early_strikes_a_confirmed_line_no_second_time(workbench: Workbench) -> None:
    session = workbench.inserted()
    workbench.machine.fault(Fault(FaultKind.EARLY_REPLIES))
    workbench.print_lines(session, 1, 2)
    session.eject()
    assert workbench.struck() == once(1, 2)


def test_text_that_the_cable_lost_is_noticed_by_nobody_and_the_rest_stands_where_it_belongs(
    workbench: Workbench,
) -> None:
    """A limit, told in docs/limits.md: no request of this family says how many characters are in the line."""
    session = workbench.losing(b"Post")
    session.clean_up()
    workbench.insert(session)
    workbench.print_lines(session, 1, 2)
    assert workbench.struck()[3, 1] == [(text_of(1).replace("Posting 1", "ing 1    "), 1)]
    assert workbench.struck()[3, 2] == once(2)[3, 2]


def test_of_a_way_that_the_cable_lost_no_digit_is_printed_and_the_second_one_leads_there(workbench: Workbench) -> None:
    session = workbench.losing(b"\x1b/1")
    session.clean_up()
    workbench.insert(session)
    workbench.print_lines(session, 1)
    assert workbench.struck() == once(1)


@pytest.mark.parametrize("lost", [b"\x1b/10200\x1bj", b"0\x1bj"])
def test_a_way_that_the_cable_lost_with_its_question_stops_the_line_before_its_text(
    workbench: Workbench, lost: bytes
) -> None:
    session = workbench.losing(lost)
    session.clean_up()
    workbench.insert(session)
    with pytest.raises(MechanismStop):
        session.print_line(line(1))
    assert workbench.machine.state().strikes == 0


def test_a_book_open_at_another_page_is_printed_on_where_it_lies(workbench: Workbench) -> None:
    workbench.machine.fault(Fault(FaultKind.WRONG_PAGE, page=7))
    session = workbench.inserted(page=3)
    workbench.print_lines(session, 1)
    assert list(workbench.struck()) == [(7, 1)]


def test_status_says_what_the_mechanism_says(workbench: Workbench) -> None:
    session = workbench.inserted()
    assert session.status() == MechanismStatus(Device.ONLINE, Media.ENTERING)
    workbench.machine.fault(Fault(FaultKind.COVER_OPEN))
    assert session.status() == MechanismStatus(Device.USER_ERROR, Media.ENTERING, ("cover-open",))


@pytest.mark.slow
def test_a_power_cut_of_a_printer_at_a_serial_line_is_silence_and_it_can_be_cleaned_up_later(
    open_workbench: OpenWorkbench,
) -> None:
    workbench = open_workbench("pty", answer=SHORT_ANSWER)
    session = workbench.inserted()
    workbench.print_lines(session, 1)
    workbench.machine.cut(Cut(Target.PRINTER, Now()))
    stopped(Reason.SILENT, session.print_line, line(2))
    stopped(Reason.SILENT, session.clean_up)
    workbench.machine.restore()
    assert session.clean_up() is Media.PRESENT
    workbench.machine.take()
    session.wait_taken(WAIT)
    assert workbench.struck() == once(1)


def test_a_power_cut_of_a_printer_at_tcp_is_unplugged_until_power_and_a_new_port(workbench: Workbench) -> None:
    session = workbench.inserted()
    workbench.machine.cut(Cut(Target.PRINTER, Now()))
    stopped(Reason.UNPLUGGED, session.print_line, line(1))
    stopped(Reason.UNPLUGGED, workbench.session().clean_up)
    workbench.machine.restore()
    assert workbench.session().clean_up() is Media.ENTERING


def test_a_book_that_was_pulled_out_again_before_the_first_line_is_noticed(workbench: Workbench) -> None:
    session = workbench.inserted()
    workbench.machine.take()
    stop = stopped(Reason.ATTENTION, session.print_line, line(1))
    assert stop.detail == "medium-notPresent"
    assert workbench.machine.state().lines == 0


def test_a_printer_of_another_kind_is_not_spoken_to(workbench: Workbench) -> None:
    workbench.profile = msgspec.structs.replace(workbench.profile, identity="8")
    assert stopped(Reason.GARBLED, workbench.session().clean_up).detail == "other-identity"


def test_a_status_that_the_profile_does_not_know_is_never_ready(workbench: Workbench) -> None:
    session = workbench.inserted()
    workbench.print_lines(session, 1)
    session.close()
    workbench.profile = msgspec.structs.replace(workbench.profile, status=workbench.profile.status[1:])
    assert stopped(Reason.ATTENTION, workbench.session().clean_up).detail == "status-30"


def test_a_place_of_the_medium_that_the_profile_does_not_know_is_not_the_print_position(workbench: Workbench) -> None:
    session = workbench.inserted()
    session.print_line(line(1))
    known = tuple(entry for entry in workbench.profile.document if entry.media is not Media.PRESENT)
    session._dialect = Pr2(msgspec.structs.replace(workbench.profile, document=known))
    assert stopped(Reason.ATTENTION, session.confirm).detail == "medium-unknown"


def test_a_clean_up_ejects_a_book_that_was_left_inside(workbench: Workbench) -> None:
    session = workbench.inserted()
    workbench.print_lines(session, 1)
    session.close()
    successor = workbench.session()
    assert successor.clean_up() is Media.PRESENT
    assert workbench.machine.state().media is Media.ENTERING
    assert workbench.struck() == once(1)


def test_an_operation_in_the_wrong_state_sends_nothing(workbench: Workbench) -> None:
    session = workbench.session()
    for operation in (session.confirm, session.eject, lambda: session.print_line(line(1))):
        with pytest.raises(SessionMisuse):
            operation()
    with pytest.raises(SessionMisuse):
        session.insert(SHEET, 1.0, unasked)
    assert workbench.machine.state().received == 0


def test_a_line_must_be_confirmed_before_the_next(workbench: Workbench) -> None:
    session = workbench.inserted()
    session.print_line(line(1))
    with pytest.raises(SessionMisuse):
        session.print_line(line(2))


def test_an_unknown_code_page_is_refused_when_the_session_is_built(workbench: Workbench) -> None:
    with pytest.raises(PassbookError, match="cp858"):
        workbench.session(code_page="klingon")


def test_a_closed_session_does_nothing_more(workbench: Workbench) -> None:
    session = workbench.session()
    session.close()
    session.close()
    with pytest.raises(SessionMisuse):
        session.clean_up()


def test_every_open_state_can_be_stopped_cleaned_up_and_closed() -> None:
    for state in SessionState:
        for event in (SessionEvent.STOP, SessionEvent.FOUND_NOTHING, SessionEvent.FOUND_MEDIUM):
            assert ((state, event) in TRANSITIONS) is (state is not SessionState.CLOSED)
        assert TRANSITIONS[state, SessionEvent.CLOSE] is SessionState.CLOSED


def test_every_state_is_reached() -> None:
    assert set(TRANSITIONS.values()) == set(SessionState)
