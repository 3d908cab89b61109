from __future__ import annotations

import asyncio
import io
import json
import os
import pty
import signal
import sys
import termios
from collections.abc import Callable, Coroutine, Iterator
from typing import Any

import pytest

from passbook.errors import PassbookError
from passbook.protocol.messages import Prompt
from terminal.console import Terminal, instruction
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


def test_nothing_of_a_name_acts_on_the_screen(capsys: pytest.CaptureFixture[str]) -> None:
    console = Terminal(json=False)
    console.fail(PassbookError("file-problem", file="/till/\x1b[31mred\x07.csv", why="it is not there"))
    console.show({}, ["Part 1: \x9b2J.csv"])
    shown = capsys.readouterr()
    assert "red" in shown.err
    assert all(one.isprintable() for one in (shown.err + shown.out).replace("\n", ""))


def test_nobody_is_asked_without_a_tty_or_by_a_program() -> None:
    assert not Terminal(json=False).interactive
    assert not Terminal(json=True).interactive


class Typist:
    """The person's end of a tty that is standard input."""

    def __init__(self, person: int, process: int) -> None:
        self.descriptor = person
        self._process = process

    def type(self, keys: bytes) -> None:
        os.write(self.descriptor, keys)

    def type_ahead(self, keys: bytes) -> None:
        """Type while no question stands there; the keys lie in the queue of the tty when this returns."""
        self.type(keys)
        read = b""
        while keys.replace(b"\n", b"\r\n") not in read:
            read += os.read(self.descriptor, 1024)

    def set_modes(self, modes: list[Any]) -> None:
        termios.tcsetattr(self._process, termios.TCSANOW, modes)

    def modes(self) -> list[Any]:
        return termios.tcgetattr(self._process)


class Screen(io.StringIO):
    """What stands on the screen."""

    def __init__(self) -> None:
        super().__init__()
        self.changed = asyncio.Event()

    def write(self, text: str) -> int:  # type: ignore[explicit-override]  # typing.override comes with Python 3.12
        self.changed.set()
        return super().write(text)

    async def ends_with(self, text: str) -> None:
        while not self.getvalue().endswith(text):
            self.changed.clear()
            await self.changed.wait()


@pytest.fixture
def keyboard(monkeypatch: pytest.MonkeyPatch) -> Iterator[Typist]:
    person, process = pty.openpty()
    with os.fdopen(process, "r", encoding="utf-8") as stream:
        monkeypatch.setattr(sys, "stdin", stream)
        yield Typist(person, process)
    os.close(person)


async def asked(console: Terminal, question: str) -> asyncio.Task[str]:
    """A question that stands on the screen."""
    task = asyncio.create_task(console.ask(question))
    await asyncio.sleep(0)
    return task


def story_of(story: Callable[[Terminal], Coroutine[Any, Any, Any]]) -> Any:
    async def limited() -> Any:
        async with asyncio.timeout(20):
            return await story(Terminal(json=False))

    return asyncio.run(limited())


def test_a_question_gets_the_line_that_is_typed_for_it(keyboard: Typist, capsys: pytest.CaptureFixture[str]) -> None:
    async def story(console: Terminal) -> list[str]:
        answers = []
        for question, keys in (("How? ", b" 12 \n"), ("Who? ", b"Ann\r")):
            task = await asked(console, question)
            keyboard.type(keys)
            answers.append(await task)
        return answers

    assert story_of(story) == ["12", "Ann"]
    assert capsys.readouterr().out == "How?  12 \nWho? Ann\n"


@pytest.mark.parametrize("ahead", [b"d\n", b"d", b"d\nAnn\n\n"])
def test_what_was_typed_before_a_question_is_no_answer_to_it(keyboard: Typist, ahead: bytes) -> None:
    async def story(console: Terminal) -> str:
        keyboard.type_ahead(ahead)
        task = await asked(console, "How? ")
        keyboard.type(b"h\n")
        return await task

    assert story_of(story) == "h"


def test_what_follows_an_answer_is_no_answer_to_the_next_question(keyboard: Typist) -> None:
    async def story(console: Terminal) -> list[str]:
        first = await asked(console, "Who? ")
        keyboard.type(b"Ann\nd\nd\n")
        name = await first
        second = await asked(console, "How? ")
        keyboard.type(b"h\n")
        return [name, await second]

    assert story_of(story) == ["Ann", "h"]


@pytest.mark.parametrize(
    ("keys", "text"),
    [
        (b"13\x7f2\n", "12"),
        (b"13\b2\n", "12"),
        (b"13\x1512\n", "12"),
        (b"\x1b[A1\x1b[3~2\x1bOP\n", "12"),
        (b"\x1bx12\n", "12"),
        (b"12\x1b\n", "12"),
        (b"12\x04\x00\n", "12"),
        ("Zoë 王\x7f芳\n".encode(), "Zoë 芳"),
        (b"\x7f\n", ""),
    ],
)
def test_keys_edit_the_line(keyboard: Typist, keys: bytes, text: str) -> None:
    async def story(console: Terminal) -> str:
        task = await asked(console, "? ")
        keyboard.type(keys)
        return await task

    assert story_of(story) == text


def test_a_line_has_an_end(keyboard: Typist) -> None:
    async def story(console: Terminal) -> str:
        task = await asked(console, "? ")
        keyboard.type(b"1" * 600 + b"\n")
        return await task

    assert len(story_of(story)) == 512


def test_a_message_stands_on_lines_of_its_own_and_the_prompt_again_below_it(
    keyboard: Typist, monkeypatch: pytest.MonkeyPatch
) -> None:
    screen = Screen()
    monkeypatch.setattr(sys, "stdout", screen)
    monkeypatch.setattr(sys, "stderr", screen)

    async def story(console: Terminal) -> str:
        task = await asked(console, "How? ")
        keyboard.type(b"1")
        await screen.ends_with("How? 1")
        console.show({}, ["Line 3 is on paper."])
        console.fail(PassbookError("unknown-job", job="aa11"))
        keyboard.type(b"2\n")
        return await task

    assert story_of(story) == "12"
    sentence = f"{PassbookError('unknown-job', job='aa11')} [unknown-job]"
    assert screen.getvalue() == f"How? 1\nLine 3 is on paper.\nHow? 1\n{sentence}\nHow? 12\n"


def test_a_question_that_goes_says_that_what_was_typed_was_not_sent(
    keyboard: Typist, monkeypatch: pytest.MonkeyPatch
) -> None:
    screen = Screen()
    monkeypatch.setattr(sys, "stdout", screen)

    async def story(console: Terminal) -> str:
        gone = await asked(console, "How? ")
        keyboard.type(b"d")
        await screen.ends_with("How? d")
        gone.cancel()
        with pytest.raises(asyncio.CancelledError):
            await gone
        task = await asked(console, "Next? ")
        keyboard.type(b"h\n")
        return await task

    assert story_of(story) == "h"
    gone = "The question is gone; the typed answer was not sent."
    assert screen.getvalue() == f"How? d\n{gone}\nNext? h\n"


@pytest.mark.parametrize("keys", [b"12\n", b"\x04", b""])
def test_the_tty_is_left_as_it_was(keyboard: Typist, keys: bytes) -> None:
    before = keyboard.modes()

    async def story(console: Terminal) -> None:
        task = await asked(console, "How? ")
        assert keyboard.modes() != before
        keyboard.type(keys) if keys else task.cancel()
        await asyncio.gather(task, return_exceptions=True)

    story_of(story)
    assert keyboard.modes() == before


def test_after_ctrl_z_a_question_has_its_keyboard_again(keyboard: Typist) -> None:
    shell = keyboard.modes()

    async def story(console: Terminal) -> str:
        task = await asked(console, "How? ")
        ours = keyboard.modes()
        keyboard.set_modes(shell)
        os.kill(os.getpid(), signal.SIGCONT)
        while keyboard.modes() != ours:  # noqa: ASYNC110  # nothing tells of a tty's modes
            await asyncio.sleep(0)
        keyboard.type(b"13\x7f2\n")
        return await task

    assert story_of(story) == "12"


def test_the_end_of_input_is_no_answer_and_ends_no_later_question(keyboard: Typist) -> None:
    async def story(console: Terminal) -> str:
        for _ in range(2):
            task = await asked(console, "How? ")
            keyboard.type(b"\x04")
            with pytest.raises(EOFError):
                await task
        task = await asked(console, "How? ")
        keyboard.type(b"h\n")
        return await task

    assert story_of(story) == "h"


def test_a_keyboard_that_is_gone_answers_nothing(keyboard: Typist) -> None:
    async def story(console: Terminal) -> None:
        task = await asked(console, "How? ")
        os.dup2(os.open(os.devnull, os.O_RDONLY), keyboard.descriptor)
        with pytest.raises(EOFError):
            await task
        with pytest.raises(EOFError):
            await console.ask("How? ")

    story_of(story)


@pytest.mark.parametrize("action", ["insert", "turn", "take"])
def test_every_prompt_says_what_to_do_where(action: str) -> None:
    text = instruction(Prompt("aa11", "window-1", action, 3), "book")
    assert "book" in text
    assert "window-1" in text
    assert ("page 3" in text) is (action != "take")


@pytest.mark.parametrize(
    ("action", "book", "is_new", "said"),
    [
        ("insert", 1, False, "Put the book, number 1 of the 2 of this job, into window-1, opened at page 3."),
        ("take", 2, True, "Take the book out of window-1. A new book is asked for next."),
        ("insert", 2, True, "Put a new book into window-1, opened at page 3: book 2 of the 2 of this job."),
        ("insert", 2, False, "Put the book, number 2 of the 2 of this job, into window-1, opened at page 3."),
        ("turn", 2, False, "Take the book out of window-1 and turn it to page 3."),
    ],
)
def test_of_two_books_a_prompt_says_which(action: str, book: int, is_new: bool, said: str) -> None:
    prompt = Prompt("aa11", "window-1", action, 3, book=book, books=2, is_new_book=is_new)
    assert instruction(prompt, "book") == said


def test_an_unknown_prompt_is_told_too() -> None:
    assert instruction(Prompt("aa11", "window-1", "{0}", 3), "book") == "Printer window-1 asks for the book: {0}."
