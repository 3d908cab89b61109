"""Every change of a record, as pure rules; `move_on` is the one place that assigns a state.

Each function returns a Change. The store calls it with the record that it finds inside its own transaction, so that a
rule never decides on an older one.
"""

from __future__ import annotations

from collections.abc import Sequence

from msgspec.structs import replace

from passbook.book.claim import overruled
from passbook.errors import PassbookError
from passbook.job import reprinting
from passbook.job.choice import Fed, IfApart, Side
from passbook.job.decisions import already_answered
from passbook.job.expiry import is_over
from passbook.job.issue import IssuedSheet
from passbook.job.issuing import with_sheets
from passbook.job.objections import (
    must_have_right,
    must_not_be_held,
    must_not_be_lent,
    must_not_be_printing_there,
    unfit_now,
)
from passbook.job.print_right import PrintRight, RightEvent, RightReply, RightState, moved
from passbook.job.record import (
    OPERATOR,
    Acknowledged,
    Answered,
    Change,
    ChosenAnew,
    Decider,
    HistoryEntry,
    HistoryKind,
    Outcome,
    Record,
    Told,
    Verdict,
    Wrap,
    entry_of,
    fed_now,
    rekeyed,
)
from passbook.job.reported import ENDS, is_beside, is_driving, must_be_credible, note_print, right_after
from passbook.job.states import TERMINAL, TRANSITIONS, JobEvent, JobState, Reason
from passbook.job.wording import next_line, possible_words, step_name
from passbook.protocol.media import Media


def move_on(record: Record, event: JobEvent, *reasons: Reason, at: str) -> Record:
    """The record after `event`, with new reasons, and without a proposed order or a hold.

    Raises PassbookError `not-allowed-in-state`.
    """
    state = TRANSITIONS.get((record.state, event))
    if state is None:
        raise unfit_now(record, event.value)
    return replace(record, state=state, reasons=reasons, changed_at=at, proposed=None, held_by=None)


def _must_be_valid(record: Record, event: JobEvent | RightEvent) -> None:
    """P2, P13: nothing that leads to paper is done for an invalid record, or in a spool without the print right."""
    if not record.valid or record.right.state is not RightState.HERE:
        raise unfit_now(record, event.value)


def start(at: str, lines_in_doubt: int, printer: str = "", sheets: Sequence[IssuedSheet] = ()) -> Change:
    """A mechanism takes the job up; `printer` is the name of one that stands in for the job's own.

    `sheets` are drawn for it from stock.  Raises PassbookError `forms-short` where a page stays without one.
    """

    def change(record: Record) -> Outcome:
        _must_be_valid(record, JobEvent.START)
        moved = move_on(record, JobEvent.START, at=at)
        fed = fed_now(record, printer)
        moved = with_sheets(moved, sheets)
        return Outcome(replace(moved, lines_in_doubt=lines_in_doubt, media=Media.NOT_PRESENT, fed=fed))

    return change


def journal(confirmed: int, sending: int) -> Change:
    """Note that steps 1..confirmed are on paper and `sending` (0: none) comes next; durable before that one is done.

    At most one step is in doubt: the confirmed step must be the one that was being sent (P3).
    """

    def change(record: Record) -> Outcome:
        _must_be_valid(record, JobEvent.PROCEED)
        if record.state is not JobState.PROCESSING:
            raise unfit_now(record, JobEvent.PROCEED.value)
        expected = record.sending or record.confirmed
        if confirmed != expected or sending not in {0, confirmed + 1} or sending > record.steps:
            why = f"only {step_name(record.outline, expected)} can be confirmed next"
            raise PassbookError("answer-not-possible", job=record.job_id, step=sending, why=why)
        return Outcome(replace(record, confirmed=confirmed, sending=sending, begun=record.begun or sending > 0))

    return change


def wait_for_people(reason: Reason, at: str) -> Change:
    """A person must handle the book; the job stays valid."""

    def change(record: Record) -> Outcome:
        _must_be_valid(record, JobEvent.WAIT_FOR_PEOPLE)
        return Outcome(move_on(record, JobEvent.WAIT_FOR_PEOPLE, reason, at=at))

    return change


def proceed(at: str) -> Change:
    """The person has handled the book."""

    def change(record: Record) -> Outcome:
        _must_be_valid(record, JobEvent.PROCEED)
        return Outcome(replace(move_on(record, JobEvent.PROCEED, at=at), media=Media.PRESENT))

    return change


def stop(reason: Reason, media: Media, at: str) -> Change:
    """The job stands still until a person answers: invalid, with a new epoch."""

    def change(record: Record) -> Outcome:
        _must_be_valid(record, JobEvent.STOP)
        moved = move_on(record, JobEvent.STOP, reason, at=at)
        stopped = replace(moved, valid=False, epoch=record.epoch + 1, asked=True, media=media)
        return Outcome(stopped, entry_of(HistoryKind.STOPPED, stopped, at))

    return change


def offer_right() -> Change:
    """Offer the right to print a job that waits untouched to the other spool; this one cannot print it from then on."""

    def change(record: Record) -> Outcome:
        _must_be_valid(record, RightEvent.OFFER)
        if not record.right_may_move:
            raise unfit_now(record, RightEvent.OFFER.value)
        return _moved(record, RightEvent.OFFER, record.right.token + 1)

    return change


def take_right(token: int, *, wanted: bool) -> Change:
    """Take the right that the other spool offers, or refuse it for ever; reply_to_offer() tells which.

    An invalid record does neither, as it may have forgotten what it did; an offer of earlier changes nothing.
    """

    def change(record: Record) -> Outcome:
        if record.right.token >= token or record.right.state is RightState.HERE or not record.valid:
            return Outcome(record)
        return _moved(record, RightEvent.TAKE if wanted and record.right_may_move else RightEvent.REFUSE, token)

    return change


def end_offer(token: int, reply: RightReply) -> Change:
    """The other spool said what it did with the offer; a word about another offer changes nothing."""

    def change(record: Record) -> Outcome:
        if record.right != PrintRight(RightState.OFFERED, token):
            return Outcome(record)
        return _moved(record, RightEvent.LET_GO if reply is RightReply.TAKEN else RightEvent.WITHDRAW, token)

    return change


def end_hand_over(token: int, reply: RightReply, at: str) -> Change:
    """The terminal said what it did with right and printer; where it refused both, its turn is closed."""
    ended = end_offer(token, reply)

    def change(record: Record) -> Outcome:
        after = ended(record).record
        if after is record or after.right.state is not RightState.HERE:
            return Outcome(after)
        return close_turn(record.turn + 1, Reason.NOT_SPOOLED, at)(replace(after, handed=False, fed=None))

    return change


def _moved(record: Record, event: RightEvent, token: int) -> Outcome:
    return Outcome(replace(record, right=moved(record.job_id, record.right, event, token)))


def choose_feed(side: Side, by: Decider, at: str) -> Change:
    """A person chooses the copy that feeds the printer, until a desk has the job; an open turn of it is over then.

    Raises PassbookError `choice-not-possible`, or `not-allowed-in-state` for a job that was taken up or begun.
    """

    def change(record: Record) -> Outcome:
        if not record.untouched or record.handed or not (record.is_open or record.state is JobState.PENDING):
            raise unfit_now(record, "a change of its feed")
        choice = replace(record.choice, feed=side)
        choice.must_be_possible()
        chosen = replace(record, choice=choice, turn=record.turn + 1, fed=None, changed_at=at)
        before = record.choice.feed
        if before is side:
            return Outcome(record if record.fed is None else chosen)
        return Outcome(chosen, entry_of(HistoryKind.FEED_CHOSEN, chosen, at, ChosenAnew(by, before.value, side.value)))

    return change


def close_turn(number: int, reason: Reason, at: str) -> Change:
    """The terminal did not do its part at turn `number`; later data for it is not taken.

    A copy that holds the right and is to print by itself feeds the printer instead; else a person is asked.
    """

    def change(record: Record) -> Outcome:
        if number <= record.turn or not record.valid or record.state is not JobState.PENDING:
            return Outcome(record)
        closed = replace(record, turn=number)
        has_right = record.right.state is RightState.HERE
        if has_right and record.keeps_document and record.choice.if_apart is IfApart.APPLIANCE:
            own = replace(closed, fed=Fed(record.side, reason.value))
            return Outcome(own, entry_of(HistoryKind.TURN_CLOSED, own, at))
        return Outcome(*put_question(closed, reason, at))

    return change


def ask_apart(reason: Reason, at: str) -> Change:
    """The other spool fell silent: ask a person about a copy that may not print by itself; change no ended one."""

    def change(record: Record) -> Outcome:
        if record.ended or (not record.valid and reason in record.reasons):
            return Outcome(record)
        return Outcome(*put_question(record, reason, at))

    return change


def end_apart(at: str) -> Change:
    """The appliance answers again: no order here takes the print right from it any more.

    A question that its silence put stays open, and is about this copy alone: whether it may be used at its turn.
    """

    def change(record: Record) -> Outcome:
        if not record.is_open or Reason.APPLIANCE_SILENT not in record.reasons:
            return Outcome(record)
        reasons = tuple(reason for reason in record.reasons if reason is not Reason.APPLIANCE_SILENT)
        asked = replace(record, reasons=reasons, epoch=record.epoch + 1, proposed=None, changed_at=at)
        return Outcome(asked, entry_of(HistoryKind.STOPPED, asked, at))

    return change


def refuse(at: str) -> Change:
    """The appliance did not accept the job: the copy of its terminal ends; change no ended or begun one."""

    def change(record: Record) -> Outcome:
        if record.ended or not record.untouched:
            return Outcome(record)
        ended = replace(move_on(record, JobEvent.ABORT, Reason.REFUSED, at=at), valid=False)
        return Outcome(ended, entry_of(HistoryKind.ENDED, ended, at))

    return change


def put_question(record: Record, reason: Reason, at: str) -> tuple[Record, HistoryEntry]:
    """Return the record as an open question with a new epoch, and its entry; reasons of an earlier question stay."""
    reasons = (reason, *(one for one in record.reasons if one is not reason))
    moved = move_on(record, JobEvent.STOP, reason, at=at) if record.valid else replace(record, reasons=reasons)
    asked = replace(moved, valid=False, epoch=record.epoch + 1, asked=moved.held_by is None, proposed=None)
    return asked, entry_of(HistoryKind.STOPPED, asked, at)


def hand_over(at: str) -> Change:
    """Offer the right, where it is here, together with the printer: the terminal prints the job at its turn (P15)."""

    def change(record: Record) -> Outcome:
        # A begun job whose right is at the terminal needs the printer again after an answer there.
        is_theirs = record.right.state is RightState.AWAY and record.state is JobState.PENDING
        if not record.valid or not (record.right_may_move or is_theirs):
            raise unfit_now(record, RightEvent.OFFER.value)
        handed = replace(record, handed=True, fed=Fed(Side.TERMINAL), changed_at=at)
        if record.right.state is not RightState.HERE:
            return Outcome(handed)
        return _moved(handed, RightEvent.OFFER, record.right.token + 1)

    return change


def take_back(at: str) -> Change:
    """The terminal says that it does not drive the printer that it was handed.

    A person is asked where the terminal has not taken the right either; else the terminal has the job, and reports.
    """

    def change(record: Record) -> Outcome:
        if record.ended or not record.is_printer_lent:
            return Outcome(record)
        back = replace(record, handed=False)
        if record.right.state is RightState.OFFERED:
            return Outcome(*put_question(back, Reason.NOT_SPOOLED, at))
        return Outcome(back)

    return change


def report(told: Told, at: str) -> Change:
    """Note what the other spool reports of a job that it has the right to print; its end ends this copy too.

    Where this copy has ended by itself, or is on paper, the history notes once that the other one was printed too.  Any
    other report about an ended job, and the same one again, changes nothing.  Raises PassbookError
    `not-allowed-in-state` where the right is here, or `report-not-credible`.
    """

    def change(record: Record) -> Outcome:
        if record.ended or record.reported is not None or is_beside(record, told):
            return note_print(record, told, at)
        must_be_credible(record, told)
        noted = replace(
            record,
            right=right_after(record, told),
            confirmed=told.confirmed,
            sending=told.sending,
            sent_before=max(told.sent_before, record.sent_before),
            begun=record.begun or told.begun,
            media=told.media,
            fed=told.fed or record.fed,
            reprints=max(record.reprints, told.reprints),
            handed=record.handed and is_driving(told),
        )
        if told.state not in TERMINAL:
            return Outcome(noted)
        ended = replace(move_on(noted, ENDS[told.state], *told.reasons, at=at), valid=False)
        done = replace(ended, answered=told.answered or record.answered, reported=told.end)
        return Outcome(done, entry_of(HistoryKind.ENDED, done, at))

    return change


def invalidate(reason: Reason, at: str, boots: int = 1) -> Change:
    """Power-on: what an earlier boot left, so many boots ago, is invalid, with a new epoch for each of them (P4).

    An operator's hold stands.
    """

    def change(record: Record) -> Outcome:
        held_by = record.held_by if record.held_by_operator else None
        over = {Reason.POWER_LOSS, Reason.RESTART, reason} | ({Reason.HELD_BY_PERSON} if held_by is None else set())
        moved = move_on(record, JobEvent.INVALIDATE, reason, *(r for r in record.reasons if r not in over), at=at)
        # A record of an earlier boot may say less than the paper.
        begun = record.begun or reason is Reason.ROLLED_BACK
        if reason is Reason.STORE_COPIED:
            moved = replace(moved, right=PrintRight(RightState.AWAY, record.right.token))
        stands = reprinting.of_earlier_boot(replace(moved, held_by=held_by, asked=held_by is None, begun=begun))
        invalid = replace(stands, valid=False, epoch=record.epoch + boots, media=Media.UNKNOWN)
        return Outcome(invalid, entry_of(HistoryKind.INVALIDATED, invalid, at))

    return change


def found_medium(media: Media) -> Change:
    """The clean-up of a mechanism found this medium; it belongs to the question."""
    return lambda record: Outcome(replace(record, media=media) if record.sending or record.confirmed else record)


def answer(
    given: Answered,
    *,
    at: str,
    date: str,
    trusted: bool,
    wraps: Sequence[Wrap] | None = None,
    second_operator: bool = True,
) -> Change:
    """The first valid answer at its epoch wins (P7).

    With `second_operator` the answer only proposes an order that takes two people (passbook.job.reprinting), until
    another person gives the same order at another terminal; any other answer wins over it.

    Raises PassbookError `stale-question`, `already-answered`, `answer-not-possible`, `not-allowed-in-state`,
    `held-by-operator` or `second-person-needed`.
    """

    def change(record: Record) -> Outcome:
        if is_repeated(record, given):
            return Outcome(record)
        must_not_be_held(record)
        if given.verdict is Verdict.HOLD and not record.asked:
            return Outcome(record)
        moved = _ordered(record, given, at)
        decision = given
        if second_operator and reprinting.takes_two(record, given):
            if not reprinting.is_same_order(record.proposed, given):
                return _propose(record, given, wraps, at)
            decision = reprinting.seconded(record, given)
        decision = _noted(record, decision, at)
        reprints = record.reprints + len(reprinting.lines_again(record, given))
        dated = replace(moved, answered=decision, reprints=reprints, business_date=date, clock_trusted=trusted)
        under_keys = rekeyed(dated, wraps)
        kind = HistoryKind.ENDED if under_keys.ended else HistoryKind.ANSWERED
        return Outcome(under_keys, entry_of(kind, under_keys, at), None if wraps is None else tuple(wraps))

    return change


def _propose(record: Record, given: Answered, wraps: Sequence[Wrap] | None, at: str) -> Outcome:
    """The question stays open, and every terminal that is asked sees the order."""
    if wraps is not None:
        why = "it takes a second person, so its key can be changed only by the answer that decides"
        raise PassbookError("answer-not-possible", job=record.job_id, step=given.step, why=why)
    proposed = replace(record, proposed=_noted(record, given, at))
    return Outcome(proposed, entry_of(HistoryKind.PROPOSED, proposed, at))


def _noted(record: Record, decision: Answered, at: str) -> Answered:
    """The decision with its time, and with the line that it orders, since the outline goes when the job ends."""
    line = next_line(record.outline, decision.step) if decision.step else 0
    return replace(decision, at=at, line=line)


def is_repeated(record: Record, given: Answered) -> bool:
    """Whether `given` is the answer that won, or was proposed, already; False for a new answer.

    Raises PassbookError `already-answered` for another answer at that epoch, `stale-question` at any other.
    """
    won, given = record.answered, reprinting.as_given(given)
    if won is not None and won.epoch == given.epoch and reprinting.is_one_of(given, reprinting.voices(won)):
        return True
    decided = won is not None and won.epoch == given.epoch and won.verdict is not Verdict.HOLD
    if won is not None and decided:
        raise already_answered(record.job_id, won, record.steps)
    if record.valid or given.epoch != record.epoch or given.in_doubt != record.sending:
        raise PassbookError("stale-question", job=record.job_id, epoch=record.epoch)
    proposed = record.proposed
    return proposed is not None and reprinting.is_one_of(given, reprinting.voices(proposed))


def _ordered(record: Record, given: Answered, at: str) -> Record:
    match given.verdict:
        case Verdict.DISCARD:
            must_have_right(record)
            return replace(_cancel(record, Reason.DISCARDED_BY_ANSWER, at), valid=False, handed=False)
        case Verdict.HOLD:
            held = move_on(record, JobEvent.HOLD, *record.reasons, at=at)
            return replace(held, asked=False, held_by=Decider(given.terminal, given.person), released_by=None)
        case Verdict.PRINT:
            return _print_from(record, 1, at)
        case Verdict.RESUME:
            return _print_from(record, given.step, at)
        case Verdict.NEW_BOOK:
            return replace(_print_from(record, 1, at), book=reprinting.claim_on_new_book(record))


def _print_from(record: Record, step: int, at: str) -> Record:
    """Steps before `step` count as on paper by the person's word; they must have been sent."""
    furthest = record.furthest_sent + 1
    if not 1 <= step <= furthest:
        why = possible_words(record.outline, furthest)
        raise PassbookError("answer-not-possible", job=record.job_id, step=step, why=why)
    if record.content_gone and step <= record.steps:
        raise PassbookError("content-gone", job=record.job_id)
    # Steps that are ordered again stay known as sent: if the job stops before them, they do not count as untouched.
    ready = replace(record, confirmed=step - 1, sending=0, sent_before=record.furthest_sent)
    if step > record.steps:
        is_own = record.right.state is RightState.HERE
        event = JobEvent.FINISH if is_own else JobEvent.FINISH_ELSEWHERE
        closed = move_on(ready, event, Reason.CLOSED_BY_ANSWER, at=at)
        return replace(closed, valid=False, handed=False)
    if reprinting.claims_right(record):
        # A spool that does not keep the document asks the terminal for it at the turn of the job.
        own = Fed(record.side, record.reasons[0].value if record.choice.feed is not record.side else "")
        fed = own if record.keeps_document else record.fed
        ready = replace(_moved(ready, RightEvent.CLAIM, record.right.token + 1).record, fed=fed, handed=False)
    return replace(move_on(ready, JobEvent.ANSWER, at=at), valid=True, book=overruled(record.book, record.reasons))


def finish_job(at: str) -> Change:
    """The last step is confirmed: it was being sent, or had been confirmed already."""

    def change(record: Record) -> Outcome:
        _must_be_valid(record, JobEvent.FINISH)
        if record.steps not in {record.sending, record.confirmed}:
            why = f"{step_name(record.outline, record.confirmed + 1)} is not on paper"
            raise PassbookError("answer-not-possible", job=record.job_id, step=record.steps, why=why)
        ended = move_on(record, JobEvent.FINISH, Reason.COMPLETED, at=at)
        done = replace(ended, valid=False, confirmed=record.steps, sending=0)
        return Outcome(done, entry_of(HistoryKind.ENDED, done, at))

    return change


def cancel(at: str, terminal: str, person: str, *, senior: bool = False, at_boundary: bool = False) -> Change:
    """A person ends a job that no mechanism works on, or, when its desk asks, one that stands between two steps.

    `senior`: an operator or a representative orders it; no other terminal ends a job that an operator holds. Raises
    PassbookError `job-is-printing`, `job-at-terminal`, `right-elsewhere`, `held-by-operator` or `not-allowed-in-state`.
    """

    def change(record: Record) -> Outcome:
        if not senior:
            must_not_be_held(record)
        must_not_be_lent(record)
        must_have_right(record)
        working = record.valid and record.state in {JobState.PROCESSING, JobState.PROCESSING_STOPPED}
        if working and (not at_boundary or record.sending):
            raise PassbookError("job-is-printing", job=record.job_id)
        given = Answered(record.epoch, Verdict.DISCARD, 0, record.sending, terminal, person, at=at)
        moved = _cancel(record, Reason.CANCELED_BY_PERSON, at)
        ended = replace(moved, valid=False, answered=given)
        return Outcome(ended, entry_of(HistoryKind.ENDED, ended, at))

    return change


def _cancel(record: Record, reason: Reason, at: str) -> Record:
    """The canceled record; its reasons keep the one that more may be on paper than the record says."""
    unsure = (Reason.ROLLED_BACK,) if Reason.ROLLED_BACK in record.reasons else ()
    return move_on(record, JobEvent.CANCEL, reason, *unsure, at=at)


def hold(at: str, terminal: str, person: str, *, media: Media | None = None) -> Change:
    """A person holds a job back: its question is open and put to no terminal.

    No mechanism works on the job; or its desk asks at a boundary, and `media` is the place of its medium then. The
    reasons of an earlier question are kept for the people who are asked after a release. A standing hold keeps its
    owner, but a hold of an operator (`terminal` is OPERATOR) takes the place of any other. Raises PassbookError
    `job-is-printing`, `job-at-terminal` or `not-allowed-in-state`.
    """

    def change(record: Record) -> Outcome:
        must_not_be_printing_there(record)
        working = record.valid and record.state is not JobState.PENDING
        if working and (media is None or record.sending):
            raise PassbookError("job-is-printing", job=record.job_id)
        held_already = record.is_open and not record.asked
        if held_already and (record.held_by_operator or terminal != OPERATOR):
            return Outcome(record)
        moved = move_on(record, JobEvent.HOLD, Reason.HELD_BY_PERSON, *record.reasons_to_ask, at=at)
        by = Decider(terminal, person)
        epoch = record.epoch + record.valid
        where = record.media if media is None else media
        held = replace(moved, valid=False, asked=False, epoch=epoch, held_by=by, released_by=None, media=where)
        return Outcome(held, entry_of(HistoryKind.STOPPED, held, at))

    return change


def release(at: str, terminal: str, person: str, *, senior: bool = False) -> Change:
    """People are asked again about a job that was held back; only their answer lets it print.

    `senior`: an operator or a representative orders it; no other terminal releases a job that an operator holds. Raises
    PassbookError `held-by-operator` or `not-allowed-in-state`.
    """

    def change(record: Record) -> Outcome:
        if not record.is_open:
            raise unfit_now(record, "release")
        if not senior:
            must_not_be_held(record)
        if record.asked:
            return Outcome(record)
        by = Decider(terminal, person)
        reasons = record.reasons_to_ask
        released = replace(record, asked=True, held_by=None, released_by=by, reasons=reasons, changed_at=at)
        return Outcome(released, entry_of(HistoryKind.RELEASED, released, at))

    return change


def expire(epoch: int, today: str, at: str) -> Change:
    """End the question of `epoch` with its day if it was put and not answered (F4); else change nothing.

    `today` is the business date by a trusted clock.
    """

    def change(record: Record) -> Outcome:
        if record.epoch != epoch or not is_over(record, today):
            return Outcome(record)
        ended = replace(move_on(record, JobEvent.ABORT, Reason.EXPIRED, at=at), valid=False)
        return Outcome(ended, entry_of(HistoryKind.ENDED, ended, at))

    return change


def acknowledge(terminal: str, at: str) -> Change:
    """A terminal acknowledges the end, after a person saw it or it was stored; the first one counts (P8)."""

    def change(record: Record) -> Outcome:
        if not record.ended:
            raise unfit_now(record, "an acknowledgement")
        if record.acknowledged is not None:
            return Outcome(record)
        noted = replace(record, acknowledged=Acknowledged(terminal, at))
        return Outcome(noted, entry_of(HistoryKind.ACKNOWLEDGED, noted, at))

    return change
