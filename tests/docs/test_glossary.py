"""The words of docs/glossary.md: one for each concept, in names, docstrings, errors and pages."""

from __future__ import annotations

import ast
import functools
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from passbook.errors import CATALOGUE
from tests.house import PACKAGES, ROOT, parse, project_files, python_files

PAGE = (ROOT / "docs" / "glossary.md").read_text("utf-8")
ROWS = [[cell.strip() for cell in row.strip("|").split("|")] for row in PAGE.splitlines() if row.startswith("| ")]
AVOIDED = [word for *_, avoided in ROWS for word in re.split(r", *", avoided) if word and avoided not in {"not"}]
CODE = python_files(*PACKAGES, "demo", "bench")
PAGES = [path for path in project_files() if path.suffix == ".md" and path.name not in {"glossary.md", "CHANGELOG.md"}]


def words_of(name: str) -> str:
    """`anInquiry_of` -> ` an inquiry of `."""
    return re.sub(r"(?<=[a-z0-9])(?=[A-Z])|_", " ", name).lower()


def names(tree: ast.Module) -> Iterator[tuple[int, str]]:
    """Every name that a module gives, as words."""
    for node in ast.walk(tree):
        match node:
            case ast.FunctionDef(name=name) | ast.AsyncFunctionDef(name=name) | ast.ClassDef(name=name):
                yield node.lineno, words_of(name)
            case ast.Name(id=name, ctx=ast.Store()) | ast.arg(arg=name):
                yield node.lineno, words_of(name)
            case _:
                pass


def prose(tree: ast.Module) -> Iterator[tuple[int, str]]:
    """Every docstring, and every text that stands by itself behind a name."""
    for node in ast.walk(tree):
        match node:
            case ast.Expr(value=ast.Constant(value=str(text))):
                yield node.lineno, text
            case _:
                pass


def found(word: str, said: Iterator[tuple[int, str]]) -> list[tuple[int, str]]:
    pattern = re.compile(rf"\b{re.escape(word)}\b", re.IGNORECASE)
    return [(line, word) for line, text in said if pattern.search(" ".join(text.split()))]


@functools.cache
def texts(path: Path) -> list[tuple[int, str]]:
    """Line -> each name and each docstring of a file, read once for all words."""
    tree = parse(path)
    return [*names(tree), *prose(tree)]


def places(path: Path, word: str) -> list[str]:
    return [f"{path}:{line}: {what}" for line, what in found(word, iter(texts(path)))]


def test_the_page_lists_words_in_order_and_each_once() -> None:
    first = [cells[0] for cells in ROWS if len(cells) == 3 and cells[0] not in {"word"}]
    assert first == sorted(set(first))
    assert len(first) > 30
    assert "inquiry" in AVOIDED
    assert "nobody" in AVOIDED


@pytest.mark.parametrize("word", AVOIDED)
def test_no_name_and_no_docstring_uses_another_word(word: str) -> None:
    assert [place for path in CODE for place in places(path, word)] == []


@pytest.mark.parametrize("word", AVOIDED)
def test_no_error_uses_another_word(word: str) -> None:
    assert [code for code, kind in CATALOGUE.items() if found(word, iter([(0, f"{code} {kind.sentence}")]))] == []


@pytest.mark.parametrize("word", AVOIDED)
def test_no_page_uses_another_word(word: str) -> None:
    pages = [(path, (ROOT / path).read_text("utf-8").partition("## The damages")[0]) for path in PAGES]
    assert [str(path) for path, text in pages if found(word, iter([(0, text)]))] == []


def test_the_words_of_a_name_are_found() -> None:
    tree = ast.parse('def anInquiry(made_up):\n    """An older file\nput back."""\n    tally = 1\n')
    assert [text for _, text in names(tree)] == ["an inquiry", "made up", "tally"]
    assert found("put back", prose(tree)) == [(2, "put back")]
