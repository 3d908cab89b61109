from __future__ import annotations

from pathlib import Path

import pytest

from tests.mutants.damage import Change, DoesNotFitError, Tree

TILL = '''\
LIMIT: int = 10


class Till:
    """Adds."""

    def total(self, amounts):
        # The sum.
        if amounts:
            self.seen += 1
            return sum(amounts, start = 0)
        return 0

    @property
    def seen_twice(self):
        return self.seen - 1


def total(amounts):
    return 0
'''


def tree(root: Path, **texts: str) -> Tree:
    """A project of one module for each name."""
    for name, text in texts.items():
        (root / f"{name}.py").write_text(text, "utf-8")
    (root / "till.service").write_text("[Service]\nSwap=0\n")
    return Tree(root, [*(Path(f"{name}.py") for name in texts), Path("till.service")])


def damaged(root: Path, *changes: Change, **texts: str) -> str:
    """The one file that the changes alter."""
    [text] = tree(root, **(texts or {"till": TILL})).damaged(changes).values()
    return text


@pytest.mark.parametrize(
    ("change", "stood", "stands"),
    [
        (Change("Till.total", "sum(amounts, start=0)", "0"), "sum(amounts, start = 0)", "(0)"),
        (Change("Till.total", "self.seen += 1", "pass"), "self.seen += 1", "pass"),
        (
            Change("total", "return 0", "a = 1\nreturn a"),
            "(amounts):\n    return 0",
            "(amounts):\n    a = 1\n    return a",
        ),
        (Change("LIMIT", "10", "11"), "10", "(11)"),
        (Change("Till.seen_twice", "self.seen - 1", "self.seen"), "self.seen - 1", "(self.seen)"),
        (
            Change("Till.total", "self.seen += 1\nreturn sum(amounts, start=0)", "return 7"),
            "self.seen += 1\n            return sum(amounts, start = 0)",
            "return 7",
        ),
    ],
    ids=["expression", "statement", "more statements", "constant", "decorated", "fewer statements"],
)
def test_only_what_is_named_is_replaced(tmp_path: Path, change: Change, stood: str, stands: str) -> None:
    assert TILL.count(stood) == 1
    assert damaged(tmp_path, change) == TILL.replace(stood, stands)


def test_a_definition_is_found_in_whatever_module_it_lies(tmp_path: Path) -> None:
    change = Change("Till.total", "self.seen += 1", "pass")
    assert damaged(tmp_path, change, other="total = 3\n", moved=TILL) == damaged(tmp_path, change)


def test_several_changes_of_one_file_are_made_together(tmp_path: Path) -> None:
    text = damaged(tmp_path, Change("LIMIT", "10", "11"), Change("Till.total", "self.seen += 1", "pass"))
    assert text == TILL.replace("10", "(11)").replace("self.seen += 1", "pass")


def test_a_file_that_is_no_python_is_damaged_as_text(tmp_path: Path) -> None:
    assert damaged(tmp_path, Change("till.service", "Swap=0\n", "", is_file=True)) == "[Service]\n"


@pytest.mark.parametrize(
    "change",
    [
        Change("Till.total", "return 1", "pass"),
        Change("Till.of_another_name", "return 0", "pass"),
        Change("Till.total", "amounts", "0"),
        Change("till.service", "Swap=1\n", "", is_file=True),
        Change("of-another-name", "Swap=0\n", "", is_file=True),
    ],
    ids=["other code", "no such definition", "two places", "other text", "no such file"],
)
def test_what_is_in_no_place_or_in_several_does_not_fit(tmp_path: Path, change: Change) -> None:
    with pytest.raises(DoesNotFitError):
        tree(tmp_path, till=TILL).damaged([change])


def test_the_same_code_in_definitions_of_one_name_does_not_fit(tmp_path: Path) -> None:
    with pytest.raises(DoesNotFitError, match="2 places"):
        tree(tmp_path, till=TILL, other=TILL).damaged([Change("Till.total", "self.seen += 1", "pass")])
