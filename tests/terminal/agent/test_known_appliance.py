"""P15: an own printer is none of the appliance's, however its port is written."""

from __future__ import annotations

from pathlib import Path

import pytest

from demo.world import shipped_layout
from drivers.ports.place import place_of
from passbook.protocol.printer_setup import PrinterSetup
from passbook.protocol.two_spools import AgentWelcome, PrinterFacts
from spooler.machine import machine_name
from terminal.agent.known_appliance import KnownAppliance
from tests.firmware.branch import StandingClock


def knowing(folder: Path, *ports: str, machine: str) -> KnownAppliance:
    """The agent on the machine `here`, and the appliance on `machine` with printers at these ports."""
    known = KnownAppliance(folder / "appliance.json", StandingClock(), "here")
    printers = [
        PrinterFacts(port, "pr2", "cp858", port, False, 120.0, 120.0, place_of(port, machine)) for port in ports
    ]
    known.learn(AgentWelcome("branch", "boot", 10.0, 300.0, tuple(printers), ()))
    return known


@pytest.mark.parametrize(
    ("machine", "configured", "own", "is_taken"),
    [
        ("there", "tcp://Hall.branch:9100", "tcp://hall.branch.:9100", True),
        ("there", "tcp://hall.branch:9100", "tcp://hall.branch:9101", False),
        ("there", "serial:///dev/ttyS9", "serial:///dev/ttyS9", False),
        ("here", "serial:///dev/ttyS9", "serial:///dev/../dev/ttyS9?baud=19200", True),
        ("here", "tcp://127.0.0.1:9100", "tcp://localhost:9100", True),
        ("there", "tcp://127.0.0.1:9100", "tcp://127.0.0.1:9100", False),
    ],
)
def test_a_port_of_the_appliance_is_known_by_what_it_reaches(
    tmp_path: Path, machine: str, configured: str, own: str, is_taken: bool
) -> None:
    assert knowing(tmp_path, configured, machine=machine).has_port(own) is is_taken
    assert KnownAppliance(tmp_path / "appliance.json", StandingClock(), "here").has_port(own) is is_taken


def test_a_link_to_a_device_of_the_appliance_is_that_device(tmp_path: Path) -> None:
    link = tmp_path / "printer"
    link.symlink_to("/dev/ttyS9")
    assert knowing(tmp_path, "serial:///dev/ttyS9", machine="here").has_port(f"serial://{link}")


def test_the_sheets_of_the_appliance_are_known_while_it_is_away(tmp_path: Path) -> None:
    assert KnownAppliance(tmp_path / "appliance.json", StandingClock(), "here").sheets() == ()
    layouts = (shipped_layout("savings-24"), shipped_layout("sheet"))
    KnownAppliance(tmp_path / "appliance.json", StandingClock(), "here").learn(
        AgentWelcome("branch", "boot", 10.0, 300.0, (), layouts)
    )
    [sheet] = KnownAppliance(tmp_path / "appliance.json", StandingClock(), "here").sheets()
    assert (sheet.name, sheet.lines, sheet.columns) == ("sheet", layouts[1].lines_per_page, layouts[1].columns_total)


def test_the_name_of_a_machine_stays_and_is_not_its_id(tmp_path: Path) -> None:
    file = tmp_path / "machine-id"
    file.write_text("0123456789abcdef0123456789abcdef\n")
    name = machine_name(file)
    assert (len(name), name == machine_name(file), "0123456789abcdef" in name) == (16, True, False)
    file.write_text("f" * 32)
    assert machine_name(file) != name


def test_a_printer_of_the_appliance_is_driven_with_the_set_up_that_it_has_there(tmp_path: Path) -> None:
    """Also by an agent that was started anew, from what it keeps."""
    own = 'extends = "pr2"\nname = "nantian"\n[times]\nmotion = 30.0\n'
    setup = PrinterSetup(own, elementary_step=216, x_offset=100, y_offset=-100)
    facts = PrinterFacts("hall", "pr2", "cp858", "tcp://127.0.0.1:1", True, 120.0, 120.0, setup=setup)
    file = tmp_path / "appliance.json"
    KnownAppliance(file, StandingClock(), "here").learn(AgentWelcome("branch", "boot", 10.0, 300.0, (facts,), ()))
    known = KnownAppliance(file, StandingClock(), "here")
    assert known.welcome is not None
    [told] = known.welcome.printers
    found = known.make_printer(told, told.setup, tell=lambda _news: None).details()
    assert (found.profile, found.elementary_step, found.x_offset, found.y_offset) == ("nantian", 216, 100, -100)
