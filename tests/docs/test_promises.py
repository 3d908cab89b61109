from __future__ import annotations

import re

from passbook.job.states import Reason
from passbook.protocol.completions import Completion
from tests.house import PACKAGES, ROOT, project_files
from tests.mutants.table import MUTANTS

PROMISES = (ROOT / "docs" / "promises.md").read_text("utf-8")
PROTOCOL = (ROOT / "docs" / "protocol.md").read_text("utf-8")


def test_every_promise_is_explained_and_has_a_mutant() -> None:
    explained = set(re.findall(r"^\*\*(P\d+):", PROMISES, re.MULTILINE))
    assert explained == {f"P{number}" for number in range(1, 16)}
    assert explained <= {mutant.promise for mutant in MUTANTS}


def test_every_capability_that_the_project_names_is_explained() -> None:
    told = set(re.findall(r"^\| ([FCRN]\d) \|", PROMISES, re.MULTILINE))
    told |= {f"C{number}" for number in range(1, 6)}
    sources = [path for path in project_files() if path.parts[0] in PACKAGES and path.suffix == ".py"]
    named = {one for path in sources for one in re.findall(r"\(([FCRN]\d)\b", (ROOT / path).read_text("utf-8"))}
    assert named
    assert named <= told


def test_no_page_or_module_points_to_a_plan_that_is_not_in_the_project() -> None:
    plan = re.compile(r"\b(DESIG[N]|MISSIO[N])\b")
    texts = [path for path in project_files() if path.suffix in {".py", ".md"}]
    assert [str(path) for path in texts if plan.search((ROOT / path).read_text("utf-8"))] == []


def test_the_protocol_page_lists_every_completion_code_and_reason() -> None:
    rows = "".join(re.findall(r"^\| (`.*?) \|", PROTOCOL, re.MULTILINE))
    assert [one.value for one in (*Completion, *Reason) if f"`{one.value}`" not in rows] == []
