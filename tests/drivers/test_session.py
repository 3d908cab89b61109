from __future__ import annotations

import pytest

from passbook.media import Media
from tests.drivers.conftest import WAIT, OpenDesk, line


@pytest.mark.parametrize("kind", ["tcp", "pty"])
def test_lines_of_a_job_are_struck_once_at_their_places_and_the_book_is_given_back(
    open_desk: OpenDesk, kind: str
) -> None:
    desk = open_desk(kind)
    session = desk.session()
    assert session.clean_up() is Media.NOT_PRESENT
    desk.put_when_wanted(session)
    for number in (1, 2, 11, 20):
        session.print_line(line(number))
        session.confirm()
    session.eject()
    desk.machine.take()
    session.wait_taken(WAIT)
    assert desk.struck() == {
        (3, number): [(f"{number:02}.05.26   Posting {number}".ljust(39) + f"{number}00.00", 1)]
        for number in (1, 2, 11, 20)
    }
