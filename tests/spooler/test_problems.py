"""What is told of the store, until an operator has taken an area as it is."""

import threading

from passbook.errors import PassbookError
from spooler.problems import Problems


def told(problems: Problems) -> list[str]:
    return [problem.code for problem in problems]


def test_what_asked_for_an_operators_word_is_over_with_it() -> None:
    problems = Problems()
    problems.add(PassbookError("rows-altered", area="a"))
    problems.add(PassbookError("peers-altered", area="a", why="two areas are given one id"))
    problems.add(PassbookError("memory-altered", area="b", other="a"))
    problems.add(PassbookError("record-quarantined", job="j", area="a"))
    problems.accepted("a")
    assert told(problems) == ["memory-altered", "record-quarantined"]
    problems.accepted("b")
    assert told(problems) == ["record-quarantined"]


def test_a_word_about_an_area_that_was_put_back_ends_only_what_asked_for_it() -> None:
    problems = Problems()
    problems.add(PassbookError("area-rolled-back", area="a", why="b knows more"))
    problems.add(PassbookError("area-full", area="a", free=1, needed=2))
    problems.accepted("a")
    assert told(problems) == ["area-full"]


def test_what_is_told_again_is_told_once_and_what_is_over_is_not_told_any_more() -> None:
    problems = Problems()
    for free in (1, 1, 2):
        problems.add(PassbookError("area-full", area="a", free=free, needed=9))
        problems.add(PassbookError("area-full", area="b", free=7, needed=9))
    assert [(problem.facts["area"], problem.facts["free"]) for problem in problems] == [("a", 2), ("b", 7)]
    problems.over(PassbookError("area-full", area="a", free=2, needed=9))
    assert [problem.facts["area"] for problem in problems] == ["b"]


def test_a_word_about_one_area_ends_nothing_of_another() -> None:
    problems = Problems()
    problems.add(PassbookError("rows-altered", area="a"))
    problems.accepted("b")
    assert told(problems) == ["rows-altered"]


def test_threads_may_tell_while_somebody_looks() -> None:
    problems = Problems()

    def tell() -> None:
        for number in range(500):
            problems.add(PassbookError("rows-altered", area=f"a{number}"))

    writer = threading.Thread(target=tell)
    writer.start()
    while writer.is_alive():
        list(problems)
    assert len(told(problems)) == 500


def test_a_state_is_told_while_it_is_so() -> None:
    problems, full = Problems(), PassbookError("area-full", area="a", free=1, needed=2)
    over: list[PassbookError] = []
    problems.is_over = over.__contains__
    problems.add(full)
    problems.add(full)
    assert list(problems) == [full]
    over.append(full)
    assert list(problems) == []
    over.clear()
    assert list(problems) == [full]


def test_what_is_looked_for_again_takes_the_place_of_what_was_found_before() -> None:
    gone = {name: PassbookError("printer-gone", job="1" * 32, printer=name) for name in ("old", "older")}
    kept = PassbookError("area-full", area="a", free=1, needed=2)
    problems = Problems()
    problems.add(kept)
    assert problems.replace("printer-gone", [gone["old"]]) == [gone["old"]]
    assert problems.replace("printer-gone", [*gone.values()]) == [gone["older"]]
    assert list(problems) == [kept, *gone.values()]
    assert problems.replace("printer-gone", []) == []
    assert list(problems) == [kept]
