from __future__ import annotations

import random

from tests.crash.explorer import Explorer
from tests.crash.life import Life
from tests.crash.model import Model
from tests.crash.states import Image

EMPTY = Image((), {}, b"")


def test_a_first_start_that_was_cut_off_anywhere_is_done_again() -> None:
    with Explorer() as explorer, explorer.room() as folder:
        life = Life(folder, 1, EMPTY)
        life.begin(Model())
        life.end()
        tally = explorer.explore(life.log, Model(), life.asked, chance=random.Random(1), limit=500)
    assert tally.findings == []
    assert tally.images > 100
