from __future__ import annotations

from typing import get_args

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from passbook.document.plan import (
    Bar,
    Eject,
    Line,
    Plan,
    Run,
    Step,
    StepKind,
    StepOutline,
    Turn,
    decode_plan,
    encode_plan,
    outline,
)
from tests.house import PACKAGES, python_files

PLAN: Plan = (Line(3, 24, 16200, (Run(1, "Geheim"), Run(30, "845.00"))), Turn(4), Line(4, 1, 1620, ()), Eject(4))

runs = st.builds(Run, st.integers(1, 99), st.text(max_size=5))
steps = st.one_of(
    st.builds(Line, st.integers(1, 99), st.integers(1, 99), st.integers(0, 10**5), st.lists(runs).map(tuple)),
    st.builds(Turn, st.integers(1, 99)),
    st.builds(Eject, st.integers(1, 99)),
)


def test_an_outline_has_a_bar_for_each_run() -> None:
    assert outline(PLAN) == (
        StepOutline(StepKind.LINE, 3, 24, (Bar(1, 6), Bar(30, 6))),
        StepOutline(StepKind.TURN, 4),
        StepOutline(StepKind.LINE, 4, 1),
        StepOutline(StepKind.EJECT, 4),
    )


def test_a_plan_shows_where_it_strikes_but_not_what() -> None:
    shown = repr(PLAN)
    assert "16200" in shown
    assert "Geheim" not in shown
    assert "845" not in shown


def test_each_kind_of_step_has_a_class_of_its_own_and_says_all_that_is_asked_of_it() -> None:
    kinds = [step.kind for step in get_args(Step)]
    assert sorted(kinds) == sorted(StepKind)
    for kind in StepKind:
        traits = kind.traits
        assert all(isinstance(trait, bool) for trait in traits[:4])
        # What opens a page was given back first; a line is printed where a medium lies, and leaves it there.
        assert traits.ends_page or not traits.opens_page
        assert not traits.is_line or (traits.needs_medium and not traits.ends_page)
        assert traits.noun.format(line=7, page=4)
        assert traits.done.format(done=7, lines=20).endswith(".")
        assert traits.is_line is not bool(traits.doubt.format(page=4))


def test_only_the_plan_knows_the_kinds_of_steps_by_name() -> None:
    """Every other rule asks what a step asks for, so that a new kind is added in one place."""
    rooms = python_files(*PACKAGES)
    named = {str(path) for path in rooms if "StepKind." in path.read_text()}
    assert named == {"passbook/document/plan.py"}


@given(st.lists(steps).map(tuple))
def test_decoding_gives_back_what_was_encoded(plan: Plan) -> None:
    assert decode_plan(encode_plan(plan)) == plan


@given(st.integers(1, 60))
def test_half_a_plan_is_refused(cut: int) -> None:
    data = encode_plan(PLAN)
    with pytest.raises(msgspec.DecodeError):
        decode_plan(data[: min(cut, len(data) - 1)])


@pytest.mark.parametrize("value", [[["line", 1]], [["jump", 1]], [["turn", "1"]], {"a": 1}, 5])
def test_what_is_not_a_plan_is_refused(value: object) -> None:
    with pytest.raises(msgspec.ValidationError):
        decode_plan(msgspec.msgpack.encode(value))
