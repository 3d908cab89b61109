"""R4, P3: a job that was begun goes to a substitute by people's orders alone, and no line of it is struck by chance."""

from __future__ import annotations

import functools
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final

import pytest

from demo.mail_servers import Mailbox, free_address
from demo.world import CommandFailed, World, await_fact
from drivers.simulator.faults import AfterStrike, Now, Target
from passbook.protocol.messages import Question
from tests.scenarios.books import Statement, seen
from tests.scenarios.clerk import BookClerk
from tests.scenarios.conftest import an_office
from tests.scenarios.mail_office import WINDOW, ends_of, jobs_of, mail_settings
from tests.scenarios.office import Office, book_of, next_line

GERMAN: Final = "date;text;withdrawal;deposit;balance\n05.01.2026;Löhne;;1.234,50;2.000,00\n"
"""The rows of a file that the import profile german-excel reads, and no other reader."""


@contextmanager
def a_second_printer() -> Iterator[World]:
    """A mechanism beside that of the office, with a paper of its own."""
    with TemporaryDirectory(prefix="pb-") as folder, World(Path(folder)) as place:
        place.start_simulator()
        yield place


def stopped_after_two_lines(office: Office, statement: Statement) -> Question:
    """The question about a job whose printer lost its power, and still has none."""
    office.arm_cut(Target.PRINTER, AfterStrike(2))
    printing = office.print(statement)
    office.wait("cut")
    question = office.await_question(printing)
    printing.kill()
    return question


def refusal(office: Office, job: str, *order: str) -> str:
    """The code with which an order to move a job is refused."""
    with pytest.raises(CommandFailed) as refused:
        office.counter.run("move", job, *order, "--person", "Ann")
    return refused.value.error_code


@pytest.mark.long
def test_a_begun_update_goes_on_at_the_other_window_with_the_line_that_a_person_names(furnished: World) -> None:
    statement = Statement(760, 4)
    with a_second_printer() as other:
        printer = f'[[printer]]\nname = "window-2"\nport = "{other.simulator_url}"\n'
        settings = mail_settings(free_address(), more="grace_offline = 0.2\n", substitutes=["window-2"]) + printer
        with an_office(furnished, settings, own_key_jobs=True) as office:
            question = stopped_after_two_lines(office, statement)
            job = question.job.job
            assert refusal(office, job, "window-2") == "cannot-move", "an answer comes first"
            line, _ = next_line(office, statement, question)
            office.answer(office.counter, job, "--from-line", str(line))
            for wrong in ((), ("--from-line", str(line + 1))):
                assert refusal(office, job, "window-2", *wrong) == "cannot-move"
            with BookClerk(office.manager, other.mechanism, lambda _view: book_of(statement)):
                office.counter.run("move", job, "window-2", "--from-line", str(line), "--person", "Ann")
                await_fact(lambda: len(ends_of(office)) == 2, lambda: jobs_of(office))
            ends = [(end["printer"], end["state"]) for end in ends_of(office)]
            assert ends == [("window-1", "aborted"), ("window-2", "completed")]
            office.hands.restore()
            papers = (office.world.paper, other.paper)
            for place, text in statement.expected().items():
                assert [one for paper in papers for one in seen(paper, book_of(statement), place)] == [text]


@pytest.mark.long
def test_a_begun_update_goes_whole_by_mail_after_two_people_ordered_that(furnished: World) -> None:
    statement = Statement(761, 4)
    with Mailbox() as spare:
        hop = f'[[hop]]\nname = "spare"\naddress = "{spare.address}"\ntls = "none"\n'
        settings = mail_settings(free_address(), more="grace_offline = 0.2\n", substitutes=["spare"]) + hop
        with an_office(furnished, settings, own_key_jobs=True) as office:
            question = stopped_after_two_lines(office, statement)
            job = question.job.job
            line, _ = next_line(office, statement, question)
            office.answer(office.counter, job, "--from-line", str(line))
            assert refusal(office, job, "spare", "--from-line", str(line)) == "cannot-move", "a mail has no half"
            office.counter.run("hold", job, "--person", "Ann")
            office.counter.run("release", job, "--person", "Ann")
            with pytest.raises(CommandFailed) as alone:
                office.answer(office.counter, job, "--print")
            assert alone.value.error_code == "second-person-needed"
            assert refusal(office, job, "spare", "--from-line", "1") == "cannot-move", "one person is not enough"
            office.answer(office.manager, job, "--print")
            assert refusal(office, job, "spare") == "cannot-move", "the line is not named"
            office.counter.run("move", job, "spare", "--from-line", "1", "--person", "Ann")
            await_fact(lambda: len(spare.mails) == 1, lambda: jobs_of(office))
            [(_, _, mail)] = spare.mails
            [part] = [part for part in mail.walk() if not part.is_multipart()]
            assert part.get_payload(decode=True) == statement.csv().encode()


def test_the_place_that_a_person_gave_goes_with_an_untouched_update(furnished: World) -> None:
    statement = Statement(762, 2)
    text = statement.csv()
    with a_second_printer() as other, Mailbox() as spare:
        more = f'[[printer]]\nname = "window-2"\nport = "{other.simulator_url}"\n'
        more += f'[[hop]]\nname = "spare"\naddress = "{spare.address}"\ntls = "none"\n'
        settings = mail_settings(free_address(), substitutes=["spare", "window-2"]) + more
        with an_office(furnished, settings, own_key_jobs=True) as office:
            office.hands.cut(Target.PRINTER, Now())
            file = office.world.folder / "update.csv"
            file.write_text(text)
            place = ("--page", "2", "--line", "5")
            job = office.counter.run("print", str(file), "--printer", "window-1", *place, "--no-wait")["payload"]["job"]
            assert refusal(office, job, "spare") == "cannot-move", "a mail does not carry the place"
            with BookClerk(office.manager, other.mechanism, lambda _view: book_of(statement)):
                office.counter.run("move", job, "window-2", "--person", "Ann")
                await_fact(lambda: len(ends_of(office)) == 2, lambda: jobs_of(office))
            assert sorted(other.paper.lines(book_of(statement))) == [(2, 5), (2, 6)]
            assert office.world.paper.strikes == 0


def has_jobs(office: Office, count: int) -> bool:
    """Whether so many jobs have not ended there."""
    return len(jobs_of(office)) == count


@pytest.mark.long
def test_an_update_prints_by_mail_as_its_teller_said_whatever_the_route_there_has(furnished: World) -> None:
    head = "# account: 001-22-334455\n# currency: EUR\n# start: page 3 line 5\n"
    named = ("--layout", "savings-24"), f"{head}date,text,withdrawal,deposit,balance\n2026-03-02,Rent,1.00,,1.00\n"
    read = ("--import", "german-excel"), f"# layout: savings-24\n{head}{GERMAN}"
    near, far = free_address(), free_address()
    there = mail_settings(far, domain="far.example", also=[WINDOW]) + 'layout = "landp-23"\n'
    here = mail_settings(near, substitutes=["far"])
    here += f'[[hop]]\nname = "far"\naddress = "{far}"\ntls = "none"\nappliance = true\n'
    with (
        an_office(furnished, there, own_key_jobs=True) as other,
        an_office(furnished, here, own_key_jobs=True) as office,
    ):
        for one in (office, other):
            one.hands.cut(Target.PRINTER, Now())
        for place, (said, text) in enumerate((named, read), 1):
            file = office.world.folder / "update.csv"
            file.write_bytes(text.encode("cp1252"))
            sent = office.counter.run("print", str(file), "--printer", "window-1", *said, "--no-wait")
            office.counter.run("move", sent["payload"]["job"], "far", "--person", "Ann")
            await_fact(functools.partial(has_jobs, other, place), lambda: ends_of(office))
        assert [(job["layout"], job["lines"]) for job in jobs_of(other)] == [("savings-24", 1)] * 2
