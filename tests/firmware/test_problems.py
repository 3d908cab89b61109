"""What is told of the store, until an operator has taken an area as it is."""

import threading

from firmware.problems import Problems
from passbook.errors import PassbookError


def told(problems: Problems) -> list[str]:
    return [problem.code for problem in problems]


def test_what_asked_for_an_operators_word_is_over_with_it() -> None:
    problems = Problems()
    problems.add(PassbookError("rows-altered", area="a"))
    problems.add(PassbookError("siblings-altered", area="a", why="two areas are given one id"))
    problems.add(PassbookError("memory-altered", area="b", other="a"))
    problems.add(PassbookError("record-quarantined", job="j", area="a"))
    problems.accepted("a", is_open=True)
    assert told(problems) == ["memory-altered", "record-quarantined"]
    problems.accepted("b", is_open=True)
    assert told(problems) == ["record-quarantined"]
    assert not problems.is_used_from_next_start("a")


def test_an_area_that_was_put_back_and_accepted_waits_for_the_next_start() -> None:
    problems = Problems()
    problems.add(PassbookError("area-rolled-back", area="a", why="b knows more"))
    problems.add(PassbookError("area-full", area="a"))
    problems.accepted("a", is_open=False)
    assert told(problems) == ["area-full"]
    assert (problems.is_used_from_next_start("a"), problems.is_used_from_next_start("b")) == (True, False)


def test_a_word_about_one_area_ends_nothing_of_another() -> None:
    problems = Problems()
    problems.add(PassbookError("rows-altered", area="a"))
    problems.accepted("b", is_open=True)
    assert told(problems) == ["rows-altered"]


def test_threads_may_tell_while_somebody_looks() -> None:
    problems = Problems()

    def tell() -> None:
        for _ in range(2000):
            problems.add(PassbookError("area-full", area="a"))

    writer = threading.Thread(target=tell)
    writer.start()
    while writer.is_alive():
        list(problems)
    assert len(told(problems)) == 2000
