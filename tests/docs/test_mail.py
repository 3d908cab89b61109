"""docs/mail.md: its example is one, and its table of replies is that of the code."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

from firmware.config.configuration import load_configuration
from passbook.mail.smtp_replies import MAIL_REPLIES
from tests.firmware.test_configuration import VALID, written
from tests.house import ROOT

PAGE = (ROOT / "docs" / "mail.md").read_text("utf-8")


def test_the_example_of_the_page_can_be_used(tmp_path: Path) -> None:
    [example] = re.findall(r"```toml\n(.*?)```", PAGE, re.DOTALL)
    config = load_configuration(written(tmp_path, {**VALID, **tomllib.loads(example)}))
    assert config.mail is not None
    assert [one.printer or one.hop for one in config.routes] == ["counter-1", "branch-18"]


def test_the_example_of_the_shipped_file_can_be_used(tmp_path: Path) -> None:
    lines = (ROOT / "deploy" / "passbook.toml").read_text("utf-8").splitlines()
    example = tomllib.loads("\n".join(line.removeprefix("##").strip() for line in lines if line.startswith("##")))
    config = load_configuration(written(tmp_path, {**VALID, **example}))
    assert config.mail is not None
    assert len(config.hops) == 1
    assert len(config.routes) == 2


def test_every_code_stands_beside_its_reply_or_has_that_of_all_others() -> None:
    rows = {cells[0]: cells[1] for cells in re.findall(r"^\| `([0-9. ]+)` \| (.*?) \|", PAGE, re.MULTILINE)}
    others = "451 4.3.0"
    assert others in rows
    missing = [code for code, reply in MAIL_REPLIES.items() if reply != others and f"`{code}`" not in rows[reply]]
    assert missing == []
    assert "every error of a document" in rows["554 5.6.0"]
