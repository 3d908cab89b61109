"""docs/architecture.md: files and functions that it names are there, and the table of supervision has every task."""

from __future__ import annotations

import re
from collections import Counter

from tests.house import ROOT

PAGE = (ROOT / "docs" / "architecture.md").read_text("utf-8")


def table(heading: str) -> list[list[str]]:
    """The cells of each row of the table with this first heading."""
    rows = re.search(rf"^\| {heading} \|.*\n\|[-|]+\|\n((?:\|.*\n)+)", PAGE, re.MULTILINE)
    assert rows is not None
    return [row.strip("| ").split(" | ") for row in rows.group(1).splitlines()]


def test_every_task_that_must_go_on_stands_in_the_table_of_supervision() -> None:
    started = {
        name
        for path in ("firmware/appliance.py", "firmware/mailing.py", "terminal/agent/running_agent.py")
        for name in re.findall(
            r"""(?:supervisor\.start\(|^            \()"([a-z ]+)", \w""",
            (ROOT / path).read_text("utf-8"),
            re.MULTILINE,
        )
    }
    assert {"joining", "upstream", "substitutes"} <= started
    told = {
        name for what, by, *_ in table("what") if by == "`Supervisor.start`" for name in re.findall("`(.*?)`", what)
    }
    assert started == told


def test_a_function_that_the_page_names_behind_its_file_is_there() -> None:
    missing = [
        f"{path}: {name}"
        for path, name in re.findall(r"`([\w/]+\.py): (?:\w+\.)*(\w+)`", PAGE)
        if not re.search(rf"^ *(?:async )?(?:def|class) {name}\b", (ROOT / path).read_text("utf-8"), re.MULTILINE)
    ]
    assert missing == []


def test_every_package_has_one_row_among_the_dependencies() -> None:
    assert [name for name, count in Counter(cells[0] for cells in table("package")).items() if count > 1] == []
