"""The agent's settings: defaults, and each mistake in one sentence that names its place."""

from __future__ import annotations

from pathlib import Path

import pytest

from drivers.dialects.known import DIALECTS
from passbook.errors import PassbookError
from passbook.job.choice import Choice, IfApart, Keep, Side
from passbook.protocol.document_rules import ChoiceRule
from passbook.protocol.printer_setup import PrinterSetup
from terminal.agent.agent_settings import AgentConfig, load_agent_config


def test_without_a_file_both_keep_a_job_the_appliance_feeds_and_people_are_asked(tmp_path: Path) -> None:
    config = load_agent_config(tmp_path / "agent.toml")
    assert config == AgentConfig()
    assert config.choice == Choice(Keep.BOTH, Side.APPLIANCE, IfApart.ASK)


def test_what_the_file_says_counts(tmp_path: Path) -> None:
    file = tmp_path / "agent.toml"
    file.write_text(
        'feed = "terminal"\nif_apart = "terminal"\napart_after = 5\n'
        '[[fallback]]\nprinter = "window-1"\nport = "tcp://10.1.1.9:9100"\n'
        '[[rule]]\nprinter = "window-1"\nform = "savings-24"\napplication = "ledger 3"\nkeep = "terminal"\n'
        '[[rule]]\nfeed = "appliance"\n'
    )
    config = load_agent_config(file)
    assert config.rules == (
        ChoiceRule("window-1", "savings-24", "ledger 3", keep=Keep.TERMINAL),
        ChoiceRule(feed=Side.APPLIANCE),
    )
    assert (config.feed, config.if_apart, config.apart_after) == (Side.TERMINAL, IfApart.TERMINAL, 5)
    assert [(one.name, one.port, one.dialect) for one in config.fallback] == [
        ("window-1", "tcp://10.1.1.9:9100", "pr2")
    ]


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("kep = 1\n", "kep"),
        ('keep = "both', "the top level"),
        ('keep = "nowhere"\n', "keep"),
        ('keep = "appliance"\nfeed = "terminal"\n', "feed terminal"),
        ("apart_after = 0\n", "apart_after"),
        ("quota_mib = 1\n", "quota_mib"),
        ("[spool]\nstop_at = 101\n", "spool, stop_at"),
        ("[spool]\nstop_at = 50\nstart_at = 51\n", "spool: start_at is above stop_at"),
        ("[spool]\nstop_at = 50\n", "spool: start_at is above stop_at"),
        ("[network]\nround_trip = { stop_at = 400 }\n", "start_at"),
        ("[network]\nround_trip = { stop_at = 0, start_at = 0 }\n", "network, round_trip"),
        ("[network]\nqueued = { stop_at = 4, start_at = 5 }\n", "network, queued: start_at is above stop_at"),
        ('[[rule]]\nprinter = "w"\n', "rule 1: it has none of keep, feed and if_apart"),
        ('[[rule]]\nkeep = "both"\n[[rule]]\nfeed = "terminal"\nkeep = "appliance"\n', "rule 2: feed terminal"),
        ('keep = "appliance"\n[[rule]]\nfeed = "terminal"\n', "rule 1: feed terminal is not possible"),
        ('[[rule]]\nkeep = "neither"\n', "one of terminal, appliance, both"),
        ('[[rule]]\nkeep = "both"\nhost = "x"\n', "host"),
        ('[[rule]]\nkeep = "both"\napplication = "a\\u001b"\n', "rule 1: application must have at most 128"),
        (f'[[rule]]\nkeep = "both"\nform = "{"f" * 129}"\n', "rule 1: form must have at most 128"),
        ('[[fallback]]\nprinter = "w"\n', "port"),
        ('[[fallback]]\nprinter = "w"\nport = "rfc2217://h..example:1"\n', "1 to 63 letters"),
        ('[[fallback]]\nprinter = "w"\nport = "tcp://h:1"\ndialect = "no"\n', "dialect"),
        ('[[fallback]]\nprinter = "w"\nport = "tcp://h:1"\ncode_page = "no"\n', "code page"),
        ('[[fallback]]\nprinter = "w"\nport = "tcp://h:1"\n' * 2, "two own printers"),
        (
            (
                '[[fallback]]\nprinter = "w"\nport = "tcp://10.0.0.1:9100"\n'
                '[[fallback]]\nprinter = "v"\nport = "rfc2217://10.0.0.1:9100"\n'
            ),
            "two own printers have one port",
        ),
        (
            '[[fallback]]\nprinter = "w"\nport = "tcp://h:1"\nelementary_step = 180\n',
            "elementary_step: expected 240 or 216",
        ),
        ('[[fallback]]\nprinter = "w"\nport = "tcp://h:1"\nx_offset = "1"\n', "x_offset and y_offset must be lengths"),
        ('[[fallback]]\nprinter = "w"\nport = "tcp://h:1"\ny_offset = "51 mm"\n', "at most 50 mm either way"),
        ('[[fallback]]\nprinter = "w"\nport = "tcp://h:1"\nprofile = "long.toml"\n', "has 32769 bytes"),
        ('[[fallback]]\nprinter = "w"\nport = "tcp://h:1"\nprofile = "bytes.toml"\n', "is not UTF-8"),
        ('[[fallback]]\nprinter = "w"\nport = "tcp://h:1"\nprofile = "other.toml"\n', "times"),
        ("\x00", "the top level"),
    ],
)
def test_a_mistake_is_one_sentence_about_its_place(tmp_path: Path, text: str, why: str) -> None:
    file = tmp_path / "agent.toml"
    file.write_text(text)
    (tmp_path / "long.toml").write_bytes(b"#" * 32769)
    (tmp_path / "bytes.toml").write_bytes(b"\xff")
    (tmp_path / "other.toml").write_text('extends = "pr2"\ntimes = 1\n')
    with pytest.raises(PassbookError, match=why) as refused:
        load_agent_config(file)
    assert (refused.value.code, refused.value.facts["file"]) == ("file-problem", str(file))


def test_an_own_printer_has_a_step_and_offsets_of_its_own(tmp_path: Path) -> None:
    file = tmp_path / "agent.toml"
    file.write_text(
        '[[fallback]]\nprinter = "w"\nport = "tcp://h:1"\nelementary_step = 216\n'
        'x_offset = "1 in"\ny_offset = "-1 in"\n'
    )
    [printer] = load_agent_config(file).fallback
    assert printer.setup == PrinterSetup("", 216, 2160, -2160)


def test_an_own_printer_has_a_profile_of_its_own(tmp_path: Path) -> None:
    file = tmp_path / "agent.toml"
    file.write_text('[[fallback]]\nprinter = "w"\nport = "tcp://h:1"\nprofile = "ours.toml"\n')
    (tmp_path / "ours.toml").write_text('extends = "pr2"\nname = "ours"\n')
    [printer] = load_agent_config(file).fallback
    assert DIALECTS["pr2"](printer.setup).profile.name == "ours"


def test_a_doubtful_port_of_an_own_printer_is_warned_of(tmp_path: Path) -> None:
    file = tmp_path / "agent.toml"
    own = '[[fallback]]\nprinter = "{}"\nport = "serial:///dev/ttyUSB{}?{}"\ndialect = "{}"\n'
    printers = [("a", 0, "flow=none", "pr2"), ("b", 1, "flow=xon", "escpos"), ("c", 2, "flow=rts", "escpos")]
    file.write_text("".join(own.format(*one) for one in printers))
    found = [(one.code, one.facts["printer"]) for one in load_agent_config(file).warnings]
    assert found == [("port-without-handshake", "a"), ("port-doubtful", "b")]
