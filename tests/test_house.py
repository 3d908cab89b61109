"""The rules of the house, judged from its files; each rule is also shown to find what breaks it."""

from __future__ import annotations

import ast
import importlib.metadata
import pkgutil
import re
import string
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

import pytest

from passbook.errors import CATALOGUE
from tests.house import PACKAGES, ROOT, dotted, parse, project_files, project_table, python_files, walk

MODULE_LINES = 600
FUNCTION_LINES = 50
THEORY_LINES = range(10, 61)
DISTRIBUTION = "passbook-appliance"
STATE_MOVERS = {"move_on", "_moved"}
"""The functions that assign the state of a job or of a sheet: each takes it from its table."""

CODE = python_files(*PACKAGES, "demo", "bench")
TESTS = python_files("tests")

# The last letters stand in brackets, so that this file does not break its own rules.
UNFINISHED = re.compile(r"\b(TOD[O]|FIXM[E]|XX[X]|HAC[K])\b")
PLACES_OF_ONE_MACHINE = re.compile(
    r"(?<![\w.])/wor[k]/|(?<![\w.])/roo[t]/|/home/[a-z]|pypi\.or[g]|files\.pythonhoste[d]|(deb|security)\.debia[n]"
)
# The lock file is written by a tool; it is judged by the same rules.
TEXT = tuple(
    path
    for path in project_files()
    if path.suffix not in {".png", ".ttf", ".woff2", ".sqlite"}
    and not path.is_relative_to("tests/fuzz/corpus")
    and not path.is_relative_to("tests/cases/documents")
)

# A finding is a line number and what is wrong there.
Finding = tuple[int, str]
Rule = Callable[[ast.Module], Iterator[Finding]]


def report(rule: Rule, paths: tuple[Path, ...]) -> list[str]:
    """Everything that `rule` finds in `paths`, as file:line: what."""
    return [f"{path}:{line}: {what}" for path in paths for line, what in rule(parse(path))]


def lines_matching(pattern: re.Pattern[str], text: str) -> Iterator[Finding]:
    for number, line in enumerate(text.splitlines(), start=1):
        if found := pattern.search(line):
            yield number, found.group()


def has_no_docstring(tree: ast.Module) -> Iterator[Finding]:
    if not ast.get_docstring(tree):
        yield 1, "the module has no docstring"


def has_long_function(tree: ast.Module) -> Iterator[Finding]:
    for node, _ in walk(tree):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and node.end_lineno is not None:
            length = node.end_lineno - node.lineno + 1
            if length > FUNCTION_LINES:
                yield node.lineno, f"{node.name} has {length} lines"


def sleeps(tree: ast.Module) -> Iterator[Finding]:
    """A fixed sleep: any time.sleep, and an asyncio.sleep that is more than a chance for others to run."""
    for node, above in walk(tree):
        match node:
            case ast.ImportFrom(module="time", names=names) if any(name.name == "sleep" for name in names):
                yield node.lineno, "imports time.sleep"
            case ast.Attribute() if dotted(node) == "time.sleep":
                yield node.lineno, "uses time.sleep"
            case ast.Call(func, [ast.Constant(value), *_]) if dotted(func) == "asyncio.sleep" and value:
                # Inside a loop it is the pace at which something is waited for.
                if not any(isinstance(outer, ast.While | ast.AsyncFor | ast.For) for outer in above):
                    yield node.lineno, "sleeps for a fixed time"
            case _:
                pass


def imports_past_the_face(tree: ast.Module) -> Iterator[Finding]:
    """An import of a module of the store; what its face hands on, `files` among it, is imported from the face."""
    for node, _ in walk(tree):
        match node:
            case ast.ImportFrom(module=str(module)) if module.startswith("storage."):
                yield node.lineno, f"imports from {module}"
            case ast.Import(names=names) if any(one.name.startswith("storage.") for one in names):
                yield node.lineno, "imports a module of the store"
            case _:
                pass


def skips_always(tree: ast.Module) -> Iterator[Finding]:
    for node, above in walk(tree):
        if not isinstance(node, ast.Attribute | ast.Call):
            continue
        name = dotted(node.func if isinstance(node, ast.Call) else node)
        if name == "pytest.mark.skip" and isinstance(node, ast.Attribute):
            yield node.lineno, "is always skipped"
        conditional = any(isinstance(outer, ast.If | ast.ExceptHandler | ast.Match) for outer in above)
        if name == "pytest.skip" and isinstance(node, ast.Call) and not conditional:
            yield node.lineno, "skips without a condition"


def assigns_a_state(tree: ast.Module) -> Iterator[Finding]:
    """Each `replace(..., state=...)` outside the functions that read a table of transitions."""
    for node, above in walk(tree):
        if not isinstance(node, ast.Call) or dotted(node.func).rpartition(".")[2] != "replace":
            continue
        where = [one.name for one in above if isinstance(one, ast.FunctionDef | ast.AsyncFunctionDef)]
        if any(keyword.arg == "state" for keyword in node.keywords) and not STATE_MOVERS & set(where):
            yield node.lineno, "assigns a state past its table"


def raised(tree: ast.Module) -> Iterator[tuple[ast.Call, str | None]]:
    """Each PassbookError(...) with its code; None when the code is not a literal."""
    for node, _ in walk(tree):
        if isinstance(node, ast.Call) and dotted(node.func).rpartition(".")[2] == "PassbookError":
            code = node.args[0] if node.args else None
            yield node, code.value if isinstance(code, ast.Constant) and isinstance(code.value, str) else None


def raises_what_the_catalogue_lacks(tree: ast.Module) -> Iterator[Finding]:
    for call, code in raised(tree):
        if code is None:
            continue
        if code not in CATALOGUE:
            yield call.lineno, f"{code} is not in the catalogue"
            continue
        given = {keyword.arg for keyword in call.keywords}
        needed = {name for _, name, _, _ in string.Formatter().parse(CATALOGUE[code].sentence) if name}
        # A keyword without a name is **facts, whose names only a run can tell.
        if None not in given and needed - given:
            yield call.lineno, f"{code} lacks {', '.join(sorted(needed - given))}"


@pytest.mark.slow
def test_every_module_says_what_it_is() -> None:
    """A file of tests is named after what it judges, and needs no more."""
    helpers = tuple(path for path in TESTS if not path.name.startswith("test_"))
    assert report(has_no_docstring, CODE + helpers) == []


def lacks_a_theory(tree: ast.Module) -> Iterator[Finding]:
    said = ast.get_docstring(tree) or ""
    lines = len(said.splitlines())
    if "Theory of operation." not in said or lines not in THEORY_LINES:
        yield 1, f"no theory of operation of 10 to 60 lines: it has {lines}"


def test_every_package_opens_with_its_theory_of_operation() -> None:
    packages = tuple(path for path in python_files(*PACKAGES) if path.name == "__init__.py")
    assert report(lacks_a_theory, packages) == []


def shared(names: Iterable[tuple[str, Path]]) -> dict[str, list[str]]:
    """The names that stand in several places, with the places."""
    places: dict[str, set[str]] = {}
    for name, path in names:
        places.setdefault(name, set()).add(str(path))
    return {name: sorted(where) for name, where in places.items() if len(where) > 1}


def public_names(path: Path) -> Iterator[tuple[str, Path]]:
    for node in parse(path).body:
        match node:
            case ast.FunctionDef(name=name) | ast.AsyncFunctionDef(name=name) | ast.ClassDef(name=name):
                yield name, path
            case ast.Assign(targets=[ast.Name(name)]) | ast.AnnAssign(target=ast.Name(name)):
                yield name, path
            case _:
                pass


# The simulator is written apart from what it judges, down to its constants.
ROOMS = [path for path in python_files(*PACKAGES) if path.parts[:2] != ("drivers", "simulator")]


def test_no_file_name_stands_in_two_rooms() -> None:
    """A module of terminal/commands is named after the word that is typed."""
    modules = [path for path in ROOMS if not path.stem.startswith("__") and path.parts[:2] != ("terminal", "commands")]
    assert shared((path.stem, path) for path in modules) == {}


@pytest.mark.slow
def test_no_public_name_has_two_meanings() -> None:
    """Machines have their tables, commands their functions, and type variables stand for anything."""
    conventional = {"TRANSITIONS", "add", "main", "run", "P", "R", "T"}
    found = shared(item for path in ROOMS for item in public_names(path) if not item[0].startswith("_"))
    assert {name: where for name, where in found.items() if name not in conventional} == {}


def test_no_module_is_too_long() -> None:
    lengths = {str(path): len((ROOT / path).read_text("utf-8").splitlines()) for path in CODE + TESTS}
    assert {name: length for name, length in lengths.items() if length > MODULE_LINES} == {}


@pytest.mark.slow
def test_no_function_is_too_long() -> None:
    assert report(has_long_function, CODE) == []


@pytest.mark.long
def test_states_are_assigned_by_their_tables_alone() -> None:
    assert report(assigns_a_state, CODE) == []


def test_no_test_sleeps() -> None:
    assert report(sleeps, TESTS) == []


@pytest.mark.long
def test_no_test_is_always_skipped() -> None:
    assert report(skips_always, TESTS) == []


@pytest.mark.slow
@pytest.mark.parametrize("pattern", [UNFINISHED, PLACES_OF_ONE_MACHINE], ids=["unfinished", "one machine"])
def test_no_file_says(pattern: re.Pattern[str]) -> None:
    found = [
        f"{path}:{line}: {what}"
        for path in TEXT
        for line, what in lines_matching(pattern, (ROOT / path).read_text("utf-8"))
    ]
    assert found == []


def test_every_package_is_complete_and_typed() -> None:
    files = set(project_files())
    folders = {folder for path in CODE + TESTS for folder in path.parents if folder.name}
    assert {folder for folder in folders if folder / "__init__.py" not in files} == set()
    assert {package for package in PACKAGES if Path(package) / "py.typed" not in files} == set()


@pytest.mark.slow
def test_every_error_that_is_raised_is_in_the_catalogue_with_its_facts() -> None:
    assert report(raises_what_the_catalogue_lacks, CODE) == []


@pytest.mark.slow
def test_every_row_of_the_catalogue_is_raised() -> None:
    """What only tests raise is not used."""
    used = {code for path in python_files(*PACKAGES) for _, code in raised(parse(path))}
    assert sorted(CATALOGUE.keys() - used) == []


def test_the_store_is_imported_from_its_face() -> None:
    assert report(imports_past_the_face, python_files("spooler", "firmware", "terminal")) == []


def test_no_other_distribution_ships_our_packages() -> None:
    """A second owner of one of these names would overwrite our files, and take them away when it is removed."""
    owners = importlib.metadata.packages_distributions()
    ours = {name: set(owners.get(name, [])) for name in PACKAGES}
    # Run from a tree that was never installed, nobody owns them.
    assert set.union(*ours.values()) in (set(), {DISTRIBUTION}), ours


def test_every_command_has_its_function() -> None:
    scripts = project_table()["scripts"]
    assert isinstance(scripts, dict)
    for target in scripts.values():
        assert callable(pkgutil.resolve_name(target))


BROKEN: dict[str, tuple[Rule, str]] = {
    "no docstring": (has_no_docstring, "x = 1"),
    "short theory": (lacks_a_theory, '"""Theory of operation."""'),
    "no theory": (lacks_a_theory, '"""A package.' + "\n" * 12 + '"""'),
    "long function": (has_long_function, "def f():\n" + "    x = 1\n" * FUNCTION_LINES),
    "long coroutine": (has_long_function, "class A:\n  async def f():\n" + "    x = 1\n" * FUNCTION_LINES),
    "assigned state": (assigns_a_state, "def f():\n    return structs.replace(record, state=JobState.ABORTED)"),
    "sleep": (sleeps, "import time\ntime.sleep(1)"),
    "sleep by name": (sleeps, "from time import sleep"),
    "asyncio sleep": (sleeps, "async def f():\n    await asyncio.sleep(0.1)"),
    "past the face": (imports_past_the_face, "from storage.files import read"),
    "module past the face": (imports_past_the_face, "import storage.files"),
    "mark": (skips_always, "@pytest.mark.skip\ndef test(): pass"),
    "mark with reason": (skips_always, "@pytest.mark.skip(reason='slow')\ndef test(): pass"),
    "skip": (skips_always, "def test():\n    pytest.skip('later')"),
    "unknown code": (raises_what_the_catalogue_lacks, "raise PassbookError('no-such-code')"),
    "missing fact": (raises_what_the_catalogue_lacks, "raise errors.PassbookError('unknown-job')"),
}

KEPT: dict[str, tuple[Rule, str]] = {
    "docstring": (has_no_docstring, '"""What it is."""'),
    "theory": (lacks_a_theory, '"""A package.  Theory of operation.' + "\nIt does.\n" * 6 + '"""'),
    "short function": (has_long_function, "def f():\n" + "    x = 1\n" * (FUNCTION_LINES - 1)),
    "state of a table": (assigns_a_state, "def move_on():\n    return replace(record, state=state)"),
    "another field": (assigns_a_state, "def f():\n    return replace(record, reasons=())"),
    "yielding": (sleeps, "async def f():\n    await asyncio.sleep(0)"),
    "paced wait": (sleeps, "async def f():\n    while not ready():\n        await asyncio.sleep(0.01)"),
    "face": (imports_past_the_face, "from storage import files"),
    "condition": (skips_always, "def test():\n    if not linux:\n        pytest.skip('only there')"),
    "known code": (raises_what_the_catalogue_lacks, "raise PassbookError('unknown-job', job=job)"),
    "facts of a peer": (raises_what_the_catalogue_lacks, "raise PassbookError('unknown-job', **facts)"),
}


@pytest.mark.parametrize(("rule", "source"), BROKEN.values(), ids=BROKEN)
def test_a_rule_finds_what_breaks_it(rule: Rule, source: str) -> None:
    assert len(list(rule(ast.parse(source)))) == 1


@pytest.mark.parametrize(("rule", "source"), KEPT.values(), ids=KEPT)
def test_a_rule_leaves_what_keeps_it(rule: Rule, source: str) -> None:
    assert list(rule(ast.parse(source))) == []


@pytest.mark.parametrize("text", ["see /WORK/main", "cd /ROOT/x", "HTTPS://PYPI.ORG/x"])
def test_a_place_of_one_machine_is_found(text: str) -> None:
    assert list(lines_matching(PLACES_OF_ONE_MACHINE, text.lower()))


@pytest.mark.parametrize("text", ["# todo: later", "fixme", "a hack, xxx"])
def test_a_mark_of_unfinished_work_is_found(text: str) -> None:
    assert list(lines_matching(UNFINISHED, text.upper()))


@pytest.mark.parametrize("text", ["framework/main", "a network/x", "https://example.org/root/x", "XXXX"])
def test_a_pattern_leaves_what_keeps_it(text: str) -> None:
    assert not [*lines_matching(UNFINISHED, text), *lines_matching(PLACES_OF_ONE_MACHINE, text)]
