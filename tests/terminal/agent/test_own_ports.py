"""Ports of a terminal's own printer: a device server stands in, and an address that cannot be one is named."""

from __future__ import annotations

from contextlib import closing
from pathlib import Path

import pytest

from demo.world import PRINTER
from passbook.errors import PassbookError
from terminal.agent.agent_settings import load_agent_config
from tests.drivers.rfc2217_server import DeviceServer
from tests.terminal.agent.agent_world import AgentWorld


@pytest.mark.long
def test_a_printer_at_a_device_server_stands_in_while_the_appliance_is_silent(
    tmp_path_factory: pytest.TempPathFactory,
) -> None:
    with AgentWorld(tmp_path_factory.mktemp("a")) as office:
        line = office.own_printer(has_line=True).removeprefix("pty://")
        with closing(DeviceServer(Path(line))) as server:
            port = server.url("?baud=19200")
            fallback = f'apart_after = 1.0\n[[fallback]]\nprinter = "{PRINTER}"\nport = "{port}"\n'
            office.power_up(config=fallback)
            office.world.stop_appliance()
            office.agent.await_log("appliance-apart")
            printing = office.print_here("--keep", "both", "--feed", "appliance", "--if-apart", "terminal")
            assert printing.end() == 0, printing.error() + office.agent.log()
            assert set(office.struck(office.own)) == {1}
            assert server.device.baudrate == 19200
            office.agent.kill()


@pytest.mark.parametrize(
    ("port", "why"),
    [
        ("com1", "expected serial:///dev/NAME, usb://VENDOR:PRODUCT/SERIAL, usblp:///dev/NAME, tcp://HOST:PORT"),
        ("serial:///dev/ttyS0?parity=mark", "parity is not one of none, even, odd"),
        ("rfc2217://server-1", "expected rfc2217://HOST:PORT"),
        ("tcp://h\u00e4user:1", "expected printable characters of ASCII"),
    ],
)
def test_a_bad_port_of_an_own_printer_is_one_sentence_with_its_file(tmp_path: Path, port: str, why: str) -> None:
    file = tmp_path / "agent.toml"
    file.write_text(f'[[fallback]]\nprinter = "counter-1"\nport = "{port}"\n')
    with pytest.raises(PassbookError) as refused:
        load_agent_config(file)
    assert refused.value.code == "file-problem"
    assert f"{file}: fallback counter-1: port: {why}" in str(refused.value)
