"""The user unit of a teller's agent, as systemd reads it, and the settings of its page, as the agent reads them."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

from passbook.job.choice import Keep
from passbook.protocol.document_rules import ChoiceRule
from terminal.agent.agent_settings import (
    AgentConfig,
    FallbackPrinter,
    LoadMarks,
    NetworkConfig,
    SpoolMarks,
    load_agent_config,
)
from tests.house import ROOT
from tests.needed import need

AGENT_UNIT = ROOT / "deploy" / "passbook-agent.service"
PAGE = ROOT / "deploy" / "terminal.md"
PROGRAM = "/opt/passbook/bin/teller agent"


def test_systemd_finds_nothing_wrong_with_it(tmp_path: Path) -> None:
    need("systemd-analyze")
    unit = tmp_path / AGENT_UNIT.name
    text = AGENT_UNIT.read_text("utf-8")
    assert f"ExecStart={PROGRAM}\n" in text
    unit.write_text(text.replace(PROGRAM, "/bin/true"))
    done = subprocess.run(
        ["systemd-analyze", "verify", "--user", "--man=no", unit],
        capture_output=True,
        check=False,
        text=True,
        env={"XDG_RUNTIME_DIR": str(tmp_path), "HOME": str(tmp_path), "PATH": "/usr/bin:/bin"},
    )
    assert AGENT_UNIT.name not in done.stderr


def test_keys_leave_no_core_file_and_it_has_no_more_rights_than_it_needs() -> None:
    lines = AGENT_UNIT.read_text("utf-8").splitlines()
    for wanted in ("LimitCORE=0", "NoNewPrivileges=yes", "UMask=0077", "MemoryDenyWriteExecute=yes"):
        assert wanted in lines


def test_the_settings_of_the_page_are_the_defaults_and_each_of_them_stands_there(tmp_path: Path) -> None:
    block, rules = re.findall(r"```toml\n(.*?)```", PAGE.read_text("utf-8"), re.DOTALL)
    file = tmp_path / "agent.toml"
    file.write_text(block)
    config = load_agent_config(file)
    port = config.fallback[0].port
    assert config == AgentConfig(fallback=(FallbackPrinter("counter-1", port),))
    kinds = (AgentConfig, FallbackPrinter, SpoolMarks, NetworkConfig, ChoiceRule)
    for field in (name for kind in kinds for name in kind.__struct_encode_fields__):
        assert re.search(rf"^(\[\[?|# )?{field}\b", block + rules, re.MULTILINE), field


def test_the_marks_and_rules_of_the_page_are_settings(tmp_path: Path) -> None:
    block, rules = re.findall(r"```toml\n(.*?)```", PAGE.read_text("utf-8"), re.DOTALL)
    file = tmp_path / "agent.toml"
    file.write_text(re.sub(r"^# ", "", block, flags=re.MULTILINE) + rules)
    config = load_agent_config(file)
    assert config.network == NetworkConfig(LoadMarks(400, 200), LoadMarks(2048, 512))
    assert [(rule.form, rule.printer, rule.keep) for rule in config.rules] == [
        ("savings-24", "", Keep.TERMINAL),
        ("", "counter-1", None),
    ]
