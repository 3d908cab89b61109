"""What is wrong with the spool of a terminal stands in its log and on the teller's screen until it is over."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from demo.world import CommandFailed, await_fact
from tests.scenarios.test_mounts import full, in_memory, mounts
from tests.terminal.agent.agent_world import AgentWorld

__all__ = ["mounts"]

pytestmark = pytest.mark.long
TAKES = "It takes documents."
IN_TERMINAL = ("--keep", "terminal", "--feed", "terminal", "--if-apart", "ask")


@pytest.fixture
def office(tmp_path_factory: pytest.TempPathFactory) -> Iterator[AgentWorld]:
    with AgentWorld(tmp_path_factory.mktemp("a")) as world:
        yield world


def spool_of(office: AgentWorld) -> str:
    """What a teller reads, as one line."""
    return " ".join(office.terminal.screen("spool").split())


def problems_in_log(office: AgentWorld) -> list[tuple[str, str]]:
    told = [json.loads(line) for line in office.agent.log().splitlines()]
    return [(one["code"], one["area"]) for one in told if one["event"] == "storage-problem"]


@pytest.mark.usefixtures("mounts")
def test_a_full_disk_is_told_while_it_is_full_and_not_after_it(office: AgentWorld) -> None:
    spool = office.terminal.home / "spool"
    with in_memory(spool):
        office.power_up()
        assert TAKES in spool_of(office)
        with full(spool):
            await_fact(lambda: len(set(problems_in_log(office))) == 2, office.agent.log)
            said = spool_of(office)
            assert "It takes no document: its disk has no space for one." in said
            for area in ("a", "b"):
                assert f"Problem: The disk of storage area {area} has no space left: " in said
            with pytest.raises(CommandFailed, match="spool-stopped"):
                office.send(*IN_TERMINAL)
        await_fact(lambda: "Problem" not in spool_of(office), office.agent.log)
        assert TAKES in spool_of(office)
        office.send(*IN_TERMINAL)
        office.agent.stop()
    assert set(problems_in_log(office)) == {("area-full", "a"), ("area-full", "b")}


def test_an_area_that_is_out_of_use_is_logged_and_told_to_the_teller(office: AgentWorld) -> None:
    office.power_up()
    area: Path = office.terminal.home / "spool" / "b"
    [log] = area.glob("*-wal")
    log.unlink()
    await_fact(lambda: ("area-fenced", "b") in problems_in_log(office), office.agent.log)
    said = spool_of(office)
    assert TAKES in said
    assert "Problem: Storage area b is out of use: " in said


def test_an_agent_whose_spool_is_gone_starts_again_by_a_persons_word_and_with_one_area_at_once(
    office: AgentWorld,
) -> None:
    office.power_up()
    office.send(*IN_TERMINAL)
    office.agent.stop()
    spool = office.terminal.home / "spool"
    spool.rename(spool.with_name("lost"))
    with pytest.raises(RuntimeError, match="own-spool-unusable"):
        office.agent.start()
    assert not spool.exists()
    office.agent.start("--new-spool")
    assert office.agent.stop() == 0
    shutil.rmtree(spool / "a")
    office.agent.start()
    assert "Problem: Storage area a of this terminal's spool is not used: " in spool_of(office)
    office.send(*IN_TERMINAL)
