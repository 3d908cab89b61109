"""A program that comes to the agent is told what stands, and nothing that is over."""

from __future__ import annotations

import msgspec
import pytest

from passbook.job.states import JobState
from passbook.protocol.events import ENDED, JOB, PROMPT, QUESTION, QUESTION_CLOSED
from passbook.protocol.messages import Envelope, Header, MessageType, Prompt, Question, decode, encode
from terminal.agent.replay import MOST, Replay
from tests.terminal.samples import notice, outline, question, stopped, view

ASKED = question(stopped(1), outline((1, 1, 3)))
END = notice(view(state=JobState.COMPLETED, valid=False))


def said(name: str, payload: object) -> Envelope:
    return decode(encode(Header(name, MessageType.UNSOLICITED), payload))


def told(replay: Replay) -> list[str]:
    return [decode(message).header.name for message in replay.messages()]


def about(job: str) -> Question:
    return question(stopped(1, job=job), outline((1, 1, 3)))


@pytest.fixture
def replay() -> Replay:
    return Replay()


def prompt(job: str = "aa11", printer: str = "window-1") -> Prompt:
    return Prompt(job=job, printer=printer, action="insert", page=1)


def test_what_stands_is_told_as_the_appliance_said_it(replay: Replay) -> None:
    asked = said(QUESTION, ASKED)
    for message in (asked, said(PROMPT, prompt()), said(ENDED, END)):
        replay.note(message)
    assert told(replay) == [QUESTION, PROMPT, ENDED]
    [first, *_] = [decode(message) for message in replay.messages()]
    assert bytes(first.payload) == bytes(asked.payload)


def test_a_question_that_was_closed_is_not_told(replay: Replay) -> None:
    replay.note(said(QUESTION, ASKED))
    replay.note(said(QUESTION_CLOSED, view(state=JobState.PENDING)))
    assert told(replay) == []


def test_a_question_about_a_job_that_still_stands_stays(replay: Replay) -> None:
    replay.note(said(QUESTION, ASKED))
    replay.note(said(JOB, ASKED.job))
    assert told(replay) == [QUESTION]


def test_a_prompt_is_over_when_its_book_is_in_and_another_printers_stays(replay: Replay) -> None:
    replay.note(said(PROMPT, prompt()))
    replay.note(said(PROMPT, prompt("bb22", "window-2")))
    replay.note(said(JOB, view(state=JobState.PROCESSING)))
    assert [decode(message).header.name for message in replay.messages()] == [PROMPT]
    [left] = [msgspec.json.decode(decode(message).payload) for message in replay.messages()]
    assert left["job"] == "bb22"


def test_an_end_that_was_seen_and_all_of_an_appliance_that_is_away_is_forgotten(replay: Replay) -> None:
    replay.note(said(ENDED, END))
    replay.seen("aa11")
    assert told(replay) == []
    for message in (said(QUESTION, ASKED), said(PROMPT, prompt()), said(ENDED, END)):
        replay.note(message)
    replay.forget()
    assert told(replay) == []


def test_the_oldest_go_first_where_there_are_too_many(replay: Replay) -> None:
    for number in range(MOST + 5):
        replay.note(said(QUESTION, about(f"{number:04x}")))
    jobs = [msgspec.json.decode(decode(message).payload)["job"]["job"] for message in replay.messages()]
    assert jobs == [f"{number:04x}" for number in range(5, MOST + 5)]
