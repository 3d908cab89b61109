"""The choice of a person between two spools, judged before anything is sent."""

from __future__ import annotations

import argparse

import pytest

from passbook.errors import PassbookError
from passbook.job.choice import IfApart, Keep, Side
from terminal.choosing import Said, add_choice, must_have_agent, said_in


def choice_of(*words: str) -> Said:
    parser = argparse.ArgumentParser()
    add_choice(parser)
    return said_in(parser.parse_args(words))


def refusal_without_agent(*words: str) -> PassbookError:
    with pytest.raises(PassbookError) as caught:
        must_have_agent(choice_of(*words), lambda: "till-9")
    return caught.value


def test_only_what_was_typed_is_said() -> None:
    assert choice_of() == Said()
    assert choice_of("--feed", "terminal") == Said(feed=Side.TERMINAL)
    assert choice_of("--keep", "both", "--if-apart", "ask") == Said(keep=Keep.BOTH, if_apart=IfApart.ASK)


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
    with pytest.raises(PassbookError) as caught:
        choice_of(*words)
    assert caught.value.code == "choice-not-possible"
    assert f"{words[2].lstrip('-')} {words[3]} is not possible with keep {words[1]}" in str(caught.value)


@pytest.mark.parametrize(
    "words", [("--keep", "terminal"), ("--keep", "both"), ("--feed", "terminal"), ("--if-apart", "terminal")]
)
def test_without_an_agent_the_appliance_alone_keeps_a_document(words: tuple[str, ...]) -> None:
    error = refusal_without_agent(*words)
    assert error.code == "agent-needed"
    assert "till-9" in str(error)
    assert "teller agent" in str(error)
    must_have_agent(choice_of(), lambda: "till-9")
    must_have_agent(choice_of("--keep", "appliance", "--feed", "appliance"), lambda: "till-9")
