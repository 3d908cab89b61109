"""The choice of a person between two spools, judged before anything is sent."""

from __future__ import annotations

import argparse

import pytest

from passbook.errors import PassbookError
from passbook.job.choice import Choice, IfApart, Keep, Side
from passbook.protocol.two_spools import AgentSettings
from terminal.choosing import add_choice, chosen, said_in

AGENT = AgentSettings(Keep.BOTH, Side.APPLIANCE, IfApart.ASK)


def choice_of(*words: str, agent: AgentSettings | None = AGENT) -> Choice:
    parser = argparse.ArgumentParser()
    add_choice(parser)
    return chosen(said_in(parser.parse_args(words)), agent, lambda: "till-9")


def refusal(*words: str, agent: AgentSettings | None = AGENT) -> PassbookError:
    with pytest.raises(PassbookError) as caught:
        choice_of(*words, agent=agent)
    return caught.value


def test_an_omitted_part_is_the_agents() -> None:
    agent = AgentSettings(Keep.BOTH, Side.TERMINAL, IfApart.APPLIANCE)
    assert choice_of(agent=agent) == Choice(Keep.BOTH, Side.TERMINAL, IfApart.APPLIANCE)
    assert choice_of("--feed", "appliance", agent=agent).feed is Side.APPLIANCE
    assert choice_of() == Choice(Keep.BOTH, Side.APPLIANCE, IfApart.ASK)


@pytest.mark.parametrize(
    ("keep", "expected"),
    [
        ("terminal", Choice(Keep.TERMINAL, Side.TERMINAL, IfApart.TERMINAL)),
        ("appliance", Choice(Keep.APPLIANCE, Side.APPLIANCE, IfApart.ASK)),
    ],
)
def test_a_part_that_no_person_chose_gives_way(keep: str, expected: Choice) -> None:
    agent = AgentSettings(Keep.BOTH, Side.APPLIANCE, IfApart.TERMINAL)
    assert choice_of("--keep", keep, agent=agent) == expected


@pytest.mark.parametrize(
    "words",
    [
        ("--keep", "terminal", "--feed", "appliance"),
        ("--keep", "appliance", "--feed", "terminal"),
        ("--keep", "terminal", "--if-apart", "appliance"),
        ("--keep", "appliance", "--if-apart", "terminal"),
    ],
)
def test_a_copy_that_is_not_kept_prints_nothing(words: tuple[str, ...]) -> None:
    for agent in (AGENT, None):
        error = refusal(*words, agent=agent)
        assert error.code == "choice-not-possible"
        assert f"{words[2].lstrip('-')} {words[3]} is not possible with keep {words[1]}" in str(error)


def test_a_default_that_keeps_no_copy_here_is_not_widened() -> None:
    agent = AgentSettings(Keep.APPLIANCE, Side.APPLIANCE, IfApart.ASK)
    assert refusal("--feed", "terminal", agent=agent).code == "choice-not-possible"


@pytest.mark.parametrize(
    "words", [("--keep", "terminal"), ("--keep", "both"), ("--feed", "terminal"), ("--if-apart", "terminal")]
)
def test_without_an_agent_the_appliance_alone_keeps_a_document(words: tuple[str, ...]) -> None:
    error = refusal(*words, agent=None)
    assert error.code == "agent-needed"
    assert "till-9" in str(error)
    assert "teller agent" in str(error)
    assert choice_of(agent=None) == Choice()
    assert choice_of("--keep", "appliance", "--feed", "appliance", agent=None) == Choice()
