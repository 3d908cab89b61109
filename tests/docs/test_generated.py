from __future__ import annotations

import ast
import importlib
from enum import Enum

import pytest

from passbook.errors import CATALOGUE
from tests.docs.generated import MACHINES, Machine, diagram, docstrings, errors_page, label, pages
from tests.house import PACKAGES, ROOT, parse, python_files, walk


class Lamp(Enum):
    OFF = "off"
    """It is dark."""
    HALF_ON = "half-on"


class Hand(Enum):
    PRESS = 1
    PULL = 2


@pytest.mark.parametrize("name", pages())
def test_a_page_says_what_the_code_says(name: str) -> None:
    assert (ROOT / "docs" / name).read_text("utf-8") == pages()[name], "run make docs"


def test_every_code_has_one_row() -> None:
    page = errors_page()
    assert {code: page.count(f"\n| `{code}` |") for code in CATALOGUE} == dict.fromkeys(CATALOGUE, 1)


@pytest.mark.slow
def test_every_transition_table_is_drawn() -> None:
    tables = {
        ".".join(path.with_suffix("").parts)
        for path in python_files(*PACKAGES)
        for node, _ in walk(parse(path))
        if isinstance(node, ast.AnnAssign) and isinstance(node.target, ast.Name) and node.target.id == "TRANSITIONS"
    }
    assert {machine.module for machine in MACHINES} == tables


@pytest.mark.parametrize("machine", MACHINES, ids=lambda machine: machine.module)
def test_a_machine_begins_in_one_of_its_states(machine: Machine) -> None:
    table = importlib.import_module(machine.module).TRANSITIONS
    assert set(machine.begin) <= {label(state) for state, _ in table}


def test_a_diagram_has_an_arrow_for_each_pair_and_ends_where_nothing_leads_on() -> None:
    table = {
        (Lamp.OFF, Hand.PRESS): Lamp.HALF_ON,
        (Lamp.OFF, Hand.PULL): Lamp.HALF_ON,
        (Lamp.HALF_ON, Hand.PULL): Lamp.HALF_ON,
    }
    assert diagram(table, ("off",)).splitlines() == [
        "```mermaid",
        "stateDiagram-v2",
        "    half_on : half-on",
        "    [*] --> off",
        "    off --> half_on: press, pull",
        "    half_on --> half_on: pull",
        "    half_on --> [*]",
        "```",
    ]


def test_what_is_true_in_a_state_is_read_below_it() -> None:
    assert docstrings(Lamp) == {"off": "It is dark."}
