"""The pages of docs/ that are made from the code: errors, states, screens, damages, messages."""

from __future__ import annotations

import ast
import importlib
import inspect
import itertools
from collections.abc import Mapping
from enum import Enum
from typing import Any, Final, NamedTuple, TypeAlias

from passbook.errors import CATALOGUE
from passbook.errors.kinds import EXIT_CODES
from tests.docs.protocol import protocol_page, schema_page
from tests.docs.screens import page_with_screens
from tests.house import ROOT
from tests.mutants.table import MUTANTS

DAMAGES: Final = "## The damages, and the tests that see them"
"""Heading of the part of the page of promises that is made from the mutants."""
MADE: Final = "Made by `make docs`; a test compares it with the code."

Table: TypeAlias = Mapping[tuple[Any, Any], Enum]


class Machine(NamedTuple):
    """One state machine of the project.

    Attributes:
        module: where its table TRANSITIONS is.
        name: the subject of the machine.
        begin: values of the states in which it can begin.
    """

    module: str
    name: str
    begin: tuple[str, ...]


MACHINES: Final = (
    Machine("passbook.job.states", "A job", ("pending",)),
    Machine("passbook.job.audience", "The audience of a question", ("awaited",)),
    Machine("passbook.job.print_right", "The right to print a job, in one of two spools", ("here", "away")),
    Machine("passbook.job.issue", "One sheet of form stock that a job has drawn", ("drawn",)),
    Machine("passbook.job.step_machine", "The work on one job at one mechanism", ("ready",)),
    Machine("drivers.session", "A document session at a mechanism", ("unknown",)),
    Machine("storage.area.area", "A storage area", ("opened",)),
    Machine("drivers.simulator.medium", "The book in the simulated mechanism", ("notPresent",)),
)


def pages() -> dict[str, str]:
    """File name below docs/ -> what it must say."""
    return {
        "errors.md": errors_page(),
        "states.md": states_page(),
        "next-book.md": page_with_screens("next-book.md"),
        "recovery.md": page_with_screens("recovery.md"),
        "teller.md": page_with_screens("teller.md"),
        "promises.md": promises_page(),
        "protocol.md": protocol_page(),
        "protocol.schema.json": schema_page(),
    }


def write_pages() -> None:
    """Write every page into docs/."""
    for name, text in pages().items():
        (ROOT / "docs" / name).write_text(text, "utf-8")


def errors_page() -> str:
    """The catalogue of errors, by actor."""
    about = (
        f"A code never changes its meaning and is never used again. The exit code of `passbookctl` and `teller` "
        f"says\nwho must act. Words in braces are filled in: names, numbers and places, never the text of a "
        f"book.\n{MADE}"
    )
    parts = ["# Errors", about]
    for mender, exit_code in EXIT_CODES.items():
        codes = sorted(code for code, kind in CATALOGUE.items() if kind.mender is mender)
        if codes:
            rows = [f"| `{code}` | {CATALOGUE[code].sentence} |" for code in codes]
            heading = f"## Who must act: {mender.value} (exit code {exit_code})"
            parts += [heading, "\n".join(["| code | sentence |", "|---|---|", *rows])]
    return "\n\n".join(parts) + "\n"


def promises_page() -> str:
    """The written page of promises, with its table of damages and tests made anew."""
    written = (ROOT / "docs" / "promises.md").read_text("utf-8").partition(DAMAGES)[0]
    about = f"`make mutants` does each damage in a copy and runs its tests. {MADE}"
    parts = [written + DAMAGES, about]
    for promise, mutants in itertools.groupby(MUTANTS, lambda mutant: mutant.promise):
        rows = [f"| {one.says} | {', '.join(f'`{test}`' for test in one.tests)} |" for one in mutants]
        parts += [f"### {promise}", "\n".join(["| damage | tests that fail then |", "|---|---|", *rows])]
    return "\n\n".join(parts) + "\n"


def states_page() -> str:
    """Every transition table as a diagram, with the meaning of each state."""
    about = (
        f"Each machine has one table and one place that assigns its state. A transition without an arrow cannot "
        f"happen: it is\nrefused, or a defect. {MADE}"
    )
    parts = ["# States", about]
    for machine in MACHINES:
        table: Table = importlib.import_module(machine.module).TRANSITIONS
        parts += [f"## {machine.name}", f"`{machine.module}`", diagram(table, machine.begin), meanings(table)]
    return "\n\n".join(parts) + "\n"


def diagram(table: Table, begin: tuple[str, ...]) -> str:
    """A Mermaid state diagram; several events between the same two states share one arrow."""
    arrows: dict[tuple[str, str], list[str]] = {}
    for (state, event), after in table.items():
        arrows.setdefault((label(state), label(after)), []).append(label(event))
    lines = [f"    {_name(value)} : {value}" for value in _states(table) if _name(value) != value]
    lines += [f"    [*] --> {_name(value)}" for value in begin]
    lines += [f"    {_name(one)} --> {_name(other)}: {', '.join(events)}" for (one, other), events in arrows.items()]
    leaves = {one for one, other in arrows if one != other}
    lines += [f"    {_name(value)} --> [*]" for value in _states(table) if value not in leaves]
    return "\n".join(["```mermaid", "stateDiagram-v2", *lines, "```"])


def meanings(table: Table) -> str:
    """The meaning of each state, in the words of its enum."""
    kind = type(next(iter(table.values())))
    told = docstrings(kind)
    known = [value for value in (label(member) for member in kind) if value in _states(table)]
    return "\n".join(f"* `{value}`: {told[value]}" for value in known if value in told)


def docstrings(kind: type[Enum]) -> dict[str, str]:
    """The sentence under each member of an enum that has one, in one line."""
    tree = ast.parse(inspect.getsource(kind))
    assert isinstance(tree.body[0], ast.ClassDef)
    body = tree.body[0].body
    told: dict[str, str] = {}
    for node, below in itertools.pairwise(body):
        match node, below:
            case ast.Assign(targets=[ast.Name(name)]), ast.Expr(ast.Constant(str(text))):
                told[label(kind[name])] = " ".join(text.split())
            case _:
                pass
    return told


def label(member: Enum) -> str:
    """The text of a member for people: its value, or its name if the value is no text."""
    return member.value if isinstance(member.value, str) else member.name.lower().replace("_", "-")


def _states(table: Table) -> list[str]:
    states = [label(state) for state, _ in table] + [label(after) for after in table.values()]
    return list(dict.fromkeys(states))


def _name(value: str) -> str:
    """A name that Mermaid takes: a hyphen would be read as part of an arrow."""
    return value.replace("-", "_")
