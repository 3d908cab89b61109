"""The cable between appliance and printer is pulled at every byte of a line and put back; both keep their power."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from drivers.ports.port import PortError, open_port
from drivers.simulator.control import ControlFailure, SimulatorControl
from drivers.simulator.faults import AfterStrike, AtLineByte, Cut, DuringStrike, Now, Target
from drivers.stop import MechanismStop
from passbook.job.states import Reason
from passbook.protocol.media import Media
from tests.drivers.workbench import WAIT, Workbench, line, once, text_of

LINE = 5


@pytest.fixture(params=["tcp", "pty"])
def workbench(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Workbench]:
    with closing(Workbench.build(tmp_path, request.param)) as built:
        yield built


def print_in_vain(workbench: Workbench, when: AtLineByte | DuringStrike | AfterStrike | Now) -> MechanismStop:
    """Print a line whose cable is pulled; what stopped it."""
    session = workbench.inserted()
    workbench.machine.cut(Cut(Target.CABLE, when))
    with pytest.raises(MechanismStop) as stopped:
        workbench.print_lines(session, LINE)
    session.close()
    return stopped.value


def cause_of_opening(workbench: Workbench) -> str:
    with pytest.raises(PortError) as caught:
        open_port(workbench.simulator.address)
    return caught.value.cause


def put_back(workbench: Workbench) -> Media:
    """Put the cable in; where the next session found a book, which a person then takes out."""
    workbench.machine.plug()
    with closing(workbench.session()) as successor:
        found = successor.clean_up()
        workbench.machine.take()
        successor.wait_taken(WAIT)
        workbench.insert(successor)
        workbench.print_lines(successor, LINE)
        successor.eject()
        workbench.machine.take()
        successor.wait_taken(WAIT)
    return found


def test_a_pulled_cable_stops_the_line_and_the_port_is_gone_until_it_is_back(workbench: Workbench) -> None:
    assert print_in_vain(workbench, AtLineByte(1, 40)).reason is Reason.UNPLUGGED
    assert workbench.machine.state().powered
    assert cause_of_opening(workbench).partition(":")[0] in {"ECONNREFUSED", "ENOENT"}
    assert put_back(workbench) in {Media.PRESENT, Media.ENTERING}
    assert workbench.struck() == once(LINE)


def test_the_strike_goes_on_without_its_cable_and_is_not_confirmed(workbench: Workbench) -> None:
    print_in_vain(workbench, DuringStrike(1, characters=3))
    assert workbench.struck() == once(LINE)
    put_back(workbench)
    assert workbench.struck() == {(3, LINE): [(text_of(LINE), 2)]}


def test_a_line_on_paper_whose_cable_was_pulled_is_not_confirmed(workbench: Workbench) -> None:
    print_in_vain(workbench, AfterStrike(1))
    assert workbench.struck() == once(LINE)


def test_an_idle_printer_whose_cable_is_pulled_is_unplugged(workbench: Workbench) -> None:
    session = workbench.session()
    session.clean_up()
    workbench.machine.cut(Cut(Target.CABLE, Now()))
    workbench.machine.cut(Cut(Target.CABLE, Now()))
    with pytest.raises(MechanismStop) as stopped:
        session.status()
    assert stopped.value.reason is Reason.UNPLUGGED
    session.close()
    workbench.machine.plug()
    workbench.machine.plug()
    with closing(workbench.session()) as successor:
        assert successor.clean_up() is Media.NOT_PRESENT


@pytest.mark.long
def test_a_cable_pulled_at_any_byte_leaves_at_most_one_line_in_doubt_and_nothing_else(tmp_path: Path) -> None:
    """Half a line that lies in the printer is dropped by the next session, and strikes nothing."""
    with closing(Workbench.build(tmp_path / "measure")) as measure:
        measure.print_lines(measure.inserted(), LINE)
        line_bytes = measure.machine.state().last_line_bytes
    with closing(Workbench.build(tmp_path / "all", "pty")) as workbench:
        for byte in range(1, line_bytes + 1):
            before = workbench.machine.state().strikes
            session = workbench.inserted()
            workbench.machine.cut(Cut(Target.CABLE, AtLineByte(1, byte)))
            try:
                session.print_line(line(LINE))
                session.confirm()
            except MechanismStop:
                session.close()
            assert workbench.machine.wait("cut", 0, WAIT)
            after = workbench.machine.state().strikes
            assert after - before <= 1
            session.close()
            put_back(workbench)
            assert workbench.machine.state().strikes == after + 1
            assert set(workbench.struck()) == {(3, LINE)}
            assert {text for text, _ in workbench.struck()[3, LINE]} == {text_of(LINE)}


def test_a_person_pulls_and_plugs_by_the_control_socket(workbench: Workbench, tmp_path: Path) -> None:
    person = SimulatorControl(tmp_path / "control")
    person.cut(Target.CABLE)
    person.wait("cut")
    assert cause_of_opening(workbench)
    person.plug()
    person.wait("plugged")
    open_port(workbench.simulator.address).close()


def test_a_cable_of_another_kind_is_not_pulled(tmp_path: Path) -> None:
    with closing(Workbench.build(tmp_path, "held")) as workbench:
        person = SimulatorControl(tmp_path / "control")
        with pytest.raises(ControlFailure, match="cannot be pulled"):
            person.cut(Target.CABLE)
        assert os.path.lexists(workbench.simulator.address.removeprefix("pty://"))
