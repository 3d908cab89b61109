from __future__ import annotations

import asyncio
import io
import json
import os
import pty
import sys
from collections.abc import Iterator

import pytest

from passbook.errors import PassbookError
from passbook.messages import Prompt
from terminal.console import Terminal, instruction, job_line
from tests.terminal.samples import view


def test_people_read_lines_and_programs_values(capsys: pytest.CaptureFixture[str]) -> None:
    for console in (Terminal(json=False), Terminal(json=True)):
        console.show({"event": "x", "job": view()}, ["one", "two"])
        console.fail(PassbookError("unknown-job", job="aa11"))
    out, err = capsys.readouterr()
    assert out.startswith("one\ntwo\n{")
    assert json.loads(out.splitlines()[2])["job"]["clientRequest"] == "r1"
    sentence, payload = err.splitlines()
    assert sentence == f"{PassbookError('unknown-job', job='aa11')} [unknown-job]"
    assert json.loads(payload)["errorCode"] == "unknown-job"
    assert json.loads(payload)["errorFacts"] == {"job": "aa11"}


def test_nothing_to_say_is_no_empty_line(capsys: pytest.CaptureFixture[str]) -> None:
    Terminal(json=False).show({}, [])
    assert capsys.readouterr().out == ""


def test_a_screen_without_a_character_shows_a_mark_in_its_place(monkeypatch: pytest.MonkeyPatch) -> None:
    screen = io.TextIOWrapper(io.BytesIO(), "ascii")
    monkeypatch.setattr(sys, "stdout", screen)
    Terminal(json=False).show({}, ["Müller"])
    screen.seek(0)
    assert screen.read() == "M?ller\n"


def test_nobody_is_asked_without_a_tty_or_by_a_program() -> None:
    assert not Terminal(json=False).interactive
    assert not Terminal(json=True).interactive


@pytest.fixture
def keyboard(monkeypatch: pytest.MonkeyPatch) -> Iterator[int]:
    """The person's end of a tty that is standard input."""
    person, process = pty.openpty()
    with os.fdopen(process, "r") as stream:
        monkeypatch.setattr(sys, "stdin", stream)
        yield person
    os.close(person)


def test_each_question_gets_the_line_that_was_typed_for_it(keyboard: int, capsys: pytest.CaptureFixture[str]) -> None:
    async def story() -> list[str]:
        console = Terminal(json=False)
        async with asyncio.timeout(20):
            first = asyncio.create_task(console.ask("How? "))
            await asyncio.sleep(0)
            os.write(keyboard, b" 12 \nAnn\n")
            return [await first, await console.ask("Who? ")]

    assert asyncio.run(story()) == ["12", "Ann"]
    assert capsys.readouterr().out == "How? Who? "


def test_a_question_can_be_given_up(keyboard: int) -> None:
    async def story() -> str:
        console = Terminal(json=False)
        async with asyncio.timeout(20):
            given_up = asyncio.create_task(console.ask("How? "))
            await asyncio.sleep(0)
            given_up.cancel()
            with pytest.raises(asyncio.CancelledError):
                await given_up
            os.write(keyboard, b"d\n")
            return await console.ask("How? ")

    assert asyncio.run(story()) == "d"


def test_the_end_of_input_is_no_answer(keyboard: int) -> None:
    async def story() -> None:
        os.write(keyboard, b"\x04")
        async with asyncio.timeout(20):
            await Terminal(json=False).ask("How? ")

    with pytest.raises(EOFError):
        asyncio.run(story())


@pytest.mark.parametrize("action", ["insert", "turn", "take"])
def test_every_prompt_says_what_to_do_where(action: str) -> None:
    text = instruction(Prompt("aa11", "window-1", action, 3), "book")
    assert "book" in text
    assert "window-1" in text
    assert ("page 3" in text) is (action != "take")


def test_an_unknown_prompt_is_told_too() -> None:
    assert instruction(Prompt("aa11", "window-1", "{0}", 3), "book") == "Printer window-1 asks for the book: {0}."


def test_a_job_in_one_line() -> None:
    assert job_line(view()) == "aa11  teller-1  window-1  pending, 0 of 22 steps, priority 50"
