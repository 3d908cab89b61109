"""Put other code in the place of one statement or expression of one definition, wherever it lies.

Theory of operation.  A mutant must outlive moves: a module may get another name or place, and what stands around the
damaged code may change.  So a change names the definition (`PrintDesk._do`, `UNFINISHED`) and not its module, and
what it replaces is compared as parsed code, without comments, blanks and line ends.  It fits when exactly one
definition of that name in the whole project holds that code, exactly once.  A file that is no Python is compared as
text.
"""

from __future__ import annotations

import ast
import textwrap
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

Definition = ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef | ast.Assign | ast.AnnAssign


class DoesNotFitError(ValueError):
    """What a change replaces is in no place, or in several."""


@dataclass(frozen=True)
class Change:
    """One replacement.

    Attributes:
        place: the qualified name of a function, class, method or constant; with `is_file`, a file's name.
        old: what is replaced: statements, or one expression; in a file, lines.
        new: what stands there afterwards.
        is_file: whether `place` is the name of a file that is no Python.
    """

    place: str
    old: str
    new: str
    is_file: bool = False


class _Found(NamedTuple):
    path: Path
    definition: Definition


class _Span(NamedTuple):
    first: ast.stmt | ast.expr
    last: ast.stmt | ast.expr


class Tree:
    """The project's files below a folder, parsed once."""

    def __init__(self, root: Path, paths: Iterable[Path]) -> None:
        """Of the tree at `root`; `paths` are relative to it."""
        self._root = root
        self._files = {path.name: path for path in paths if path.suffix != ".py"}
        self._definitions: dict[str, list[_Found]] = {}
        for path in paths:
            if path.suffix == ".py":
                for name, definition in _definitions(ast.parse((root / path).read_text("utf-8"))):
                    self._definitions.setdefault(name, []).append(_Found(path, definition))

    def damaged(self, changes: Sequence[Change]) -> dict[Path, str]:
        """The text of each file that the changes alter, by path; raise DoesNotFitError for a change without a place."""
        texts: dict[Path, str] = {}
        for path, begin, end, new in sorted((self._edit(change) for change in changes), reverse=True):
            text = texts.get(path) or (self._root / path).read_text("utf-8")
            texts[path] = text[:begin] + new + text[end:]
        return texts

    def _edit(self, change: Change) -> tuple[Path, int, int, str]:
        return self._edit_of_file(change) if change.is_file else self._edit_of_definition(change)

    def _edit_of_file(self, change: Change) -> tuple[Path, int, int, str]:
        path = self._files.get(change.place)
        if path is None:
            raise DoesNotFitError(f"no file is called {change.place}")
        text = (self._root / path).read_text("utf-8")
        if text.count(change.old) != 1:
            raise DoesNotFitError(f"{path}: {text.count(change.old)} places hold: {change.old.strip()}")
        begin = text.index(change.old)
        return path, begin, begin + len(change.old), change.new

    def _edit_of_definition(self, change: Change) -> tuple[Path, int, int, str]:
        named = self._definitions.get(change.place, [])
        spans = [(found.path, span) for found in named for span in _spans(found.definition, change.old)]
        if len(spans) != 1:
            raise DoesNotFitError(
                f"{change.place} ({len(named)} of the name): {len(spans)} places hold: {change.old.strip()}"
            )
        path, span = spans[0]
        text = (self._root / path).read_text("utf-8")
        begin, end = _offsets(text, span)
        return path, begin, end, _laid_out(change.new, span.first)


def _definitions(tree: ast.AST, above: str = "") -> Iterator[tuple[str, Definition]]:
    """Every function, class, method and constant with its qualified name."""
    for node in ast.iter_child_nodes(tree):
        match node:
            case ast.FunctionDef(name=name) | ast.AsyncFunctionDef(name=name) | ast.ClassDef(name=name):
                yield above + name, node
                yield from _definitions(node, f"{above}{name}.")
            case ast.AnnAssign(target=ast.Name(name)) | ast.Assign(targets=[ast.Name(name)]):
                yield above + name, node
            case ast.stmt():
                yield from _definitions(node, above)
            case _:
                pass


def _spans(definition: Definition, old: str) -> Iterator[_Span]:
    """Every place of the definition that holds `old`."""
    wanted = ast.parse(textwrap.dedent(old)).body
    match wanted:
        case [ast.Expr(value)]:
            for node in _same(definition, value):
                yield _Span(node, node)
        case _:
            kinds = [ast.dump(one) for one in wanted]
            for body in _bodies(definition):
                for place in range(len(body) - len(kinds) + 1):
                    if [ast.dump(one) for one in body[place : place + len(kinds)]] == kinds:
                        yield _Span(body[place], body[place + len(kinds) - 1])


def _same(definition: Definition, wanted: ast.expr) -> Iterator[ast.stmt | ast.expr]:
    """Every expression that is the wanted one; the statement, where it is one by itself."""
    dumped = ast.dump(wanted)
    statements = [
        node for node in ast.walk(definition) if isinstance(node, ast.Expr) and ast.dump(node.value) == dumped
    ]
    by_themselves = [node.value for node in statements]
    yield from statements
    for node in ast.walk(definition):
        if isinstance(node, ast.expr) and node not in by_themselves and ast.dump(node) == dumped:
            yield node


def _bodies(definition: Definition) -> Iterator[list[ast.stmt]]:
    """The definition by itself, and every list of statements inside it."""
    yield [definition]
    for node in ast.walk(definition):
        for _, value in ast.iter_fields(node):
            if isinstance(value, list) and value and isinstance(value[0], ast.stmt):
                yield value


def _offsets(text: str, span: _Span) -> tuple[int, int]:
    """Where the span begins and ends in the text, in characters."""
    lines = text.splitlines(keepends=True)
    starts = [0]
    for line in lines:
        starts.append(starts[-1] + len(line))

    def at(line: int, column: int) -> int:
        return starts[line - 1] + len(lines[line - 1].encode()[:column].decode())

    decorators = getattr(span.first, "decorator_list", [])
    first = min((span.first, *decorators), key=lambda node: node.lineno)
    begin = at(first.lineno, first.col_offset - (1 if decorators else 0))
    return begin, at(span.last.end_lineno or 0, span.last.end_col_offset or 0)


def _laid_out(new: str, place: ast.stmt | ast.expr) -> str:
    """The new code as it must stand there: indented like a statement, or in brackets like an expression."""
    text = textwrap.dedent(new).strip("\n")
    if isinstance(place, ast.expr):
        return f"({text})"
    return textwrap.indent(text, " " * place.col_offset).lstrip()
