"""Addresses of ports: what is understood, and one sentence for what is not."""

from __future__ import annotations

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from drivers.ports.doubts import port_warnings
from drivers.ports.place import place_of
from drivers.ports.port_address import (
    BAUDS,
    Flow,
    LineSettings,
    Parity,
    PortAddress,
    PrinterDevice,
    RemoteLine,
    SerialLine,
    TcpAddress,
    UsbPrinter,
    can_be_plugged,
    has_no_handshake,
    parse_port_url,
)

HOST_NAME = "expected a host name whose parts have 1 to 63 letters"


@pytest.mark.parametrize(
    ("url", "meant"),
    [
        ("tcp://10.0.0.5:9100", TcpAddress("10.0.0.5", 9100)),
        ("tcp://[::1]:9100", TcpAddress("::1", 9100)),
        ("serial:///dev/ttyUSB0", SerialLine("/dev/ttyUSB0", LineSettings())),
        ("serial:///dev/ttyS1?baud=19200&flow=xon", SerialLine("/dev/ttyS1", LineSettings(19200, flow=Flow.XON))),
        (
            "serial:///dev/ttyS1?parity=even&data=7&stop=2&flow=none",
            SerialLine("/dev/ttyS1", LineSettings(9600, 7, Parity.EVEN, 2, Flow.NONE)),
        ),
        ("pty:///run/printer", SerialLine("/run/printer", LineSettings(flow=Flow.NONE), is_pseudo=True)),
        ("usb://04b8:E015/A%2F1%20b", UsbPrinter(0x04B8, 0xE015, "A/1 b")),
        ("usblp:///dev/usb/lp0", PrinterDevice("/dev/usb/lp0")),
        ("pty:///run/the%20printer", SerialLine("/run/the printer", LineSettings(flow=Flow.NONE), is_pseudo=True)),
        ("serial:///dev/f%C3%BCr%3F1?baud=1200", SerialLine("/dev/für?1", LineSettings(1200))),
        ("usblp:///dev/my%20printers/lp0", PrinterDevice("/dev/my printers/lp0")),
        (
            "rfc2217://server-1:2001?baud=38400&parity=odd",
            RemoteLine("server-1", 2001, LineSettings(38400, parity=Parity.ODD)),
        ),
        (f"tcp://{'a' * 63}.example.:9100", TcpAddress(f"{'a' * 63}.example.", 9100)),
        ("rfc2217://[fe80::1]:2001", RemoteLine("fe80::1", 2001, LineSettings())),
    ],
)
def test_addresses_are_understood(url: str, meant: PortAddress) -> None:
    assert parse_port_url(url) == meant


@pytest.mark.parametrize(
    ("url", "why"),
    [
        ("", "expected serial:///dev/NAME, usb://"),
        ("/dev/ttyUSB0", "expected serial:///dev/NAME, usb://"),
        ("lpt:///dev/lp0", "expected serial:///dev/NAME, usb://"),
        ("TCP://host:1", "expected serial:///dev/NAME, usb://"),
        ("serial:/dev/ttyS0", "expected serial:///dev/NAME, usb://"),
        ("tcp://host", "expected tcp://HOST:PORT with a port from 1 to 65535"),
        ("tcp://host:port", "expected tcp://HOST:PORT with a port from 1 to 65535"),
        ("tcp://host:0", "expected tcp://HOST:PORT with a port from 1 to 65535"),
        ("tcp://host:65536", "expected tcp://HOST:PORT with a port from 1 to 65535"),
        ("tcp://:9100", "expected tcp://HOST:PORT with a port from 1 to 65535"),
        ("tcp://host:1/x", "expected tcp://HOST:PORT with a port from 1 to 65535"),
        ("tcp://host:1?baud=9600", "expected nothing behind ? for tcp://"),
        ("tcp://me:word@host:1", "expected no # and no user name"),
        ("tcp://host:1#2", "expected no # and no user name"),
        ("tcp://printer-1..branch.example:9100", HOST_NAME),
        ("tcp://.example:9100", HOST_NAME),
        (f"tcp://{'a' * 64}.example:9100", HOST_NAME),
        ("rfc2217://printer-1..branch.example:2001", HOST_NAME),
        ("tcp://[::1:1", "expected a host, or an IPv6 address in brackets"),
        ("tcp://ho st:1", "expected printable characters of ASCII without spaces; write others as %20"),
        ("tcp://häuschen:1", "expected printable characters of ASCII without spaces; write others as %20"),
        ("rfc2217://host", "expected rfc2217://HOST:PORT with a port from 1 to 65535"),
        ("rfc2217://host:1?timeout=0", "expected no settings but baud, data, parity, stop, flow behind ?"),
        ("usb://1", "expected usb://VENDOR:PRODUCT/SERIAL with two numbers of four hexadecimal digits, as in lsusb"),
        ("usb://04b8:0202", "expected usb://VENDOR:PRODUCT/SERIAL with two"),
        ("usb://04b8:0202/", "expected usb://VENDOR:PRODUCT/SERIAL with two"),
        ("usb://04b8:20/A", "expected usb://VENDOR:PRODUCT/SERIAL with two"),
        ("usb://04b8:0202/A?baud=9600", "expected nothing behind ? for usb://"),
        ("usblp://dev/usb/lp0", "expected usblp:/// and the path of a device"),
        ("serial://", "expected serial:/// and the path of a device"),
        ("serial:///", "expected serial:/// and the path of a device"),
        ("serial:///dev/%00", "expected serial:/// and the path of a device"),
        ("pty:///run/a%0Ab", "expected pty:/// and the path of a device"),
        ("serial://host/dev/ttyS0", "expected serial:/// and the path of a device"),
        ("serial:///dev/x?baud=fast", "baud is not one of 110, "),
        ("serial:///dev/x?baud=0", "baud is not one of 110, "),
        ("serial:///dev/x?baud=9601", "baud is not one of 110, "),
        ("serial:///dev/x?baud=99999999999", "baud is not one of 110, "),
        ("serial:///dev/x?flow=dtr", "flow is not one of rts, xon, none"),
        ("serial:///dev/x?parity=e", "parity is not one of none, even, odd"),
        ("serial:///dev/x?data=9", "data is not one of 7, 8"),
        ("serial:///dev/x?stop=1.5", "stop is not one of 1, 2"),
        ("serial:///dev/x?baud", "expected settings such as baud=9600&flow=rts behind ?"),
        ("serial:///dev/x?baud=9600&baud=1200", "baud stands there twice"),
        ("serial:///dev/x?speed=9600", "expected no settings but baud, data, parity, stop, flow behind ?"),
        ("pty:///x?baud=9600", "expected nothing behind ? for pty://"),
    ],
)
def test_other_addresses_are_refused_with_what_is_allowed(url: str, why: str) -> None:
    with pytest.raises(ValueError, match=r"\S") as caught:
        parse_port_url(url)
    assert str(caught.value).startswith(why)


SCHEMES = st.sampled_from(["tcp", "rfc2217", "serial", "pty", "usb", "usblp"])
PIECES = st.sampled_from(
    [
        "://",
        "/",
        "?",
        "&",
        "=",
        ":",
        "#",
        "@",
        "[",
        "]",
        "%",
        "%00",
        "baud",
        "9600",
        "dev",
        "04b8",
        "..",
        " ",
        "\0",
        "é",
    ]
)


@given(st.one_of(st.text(), st.builds(lambda one, rest: one + "".join(rest), SCHEMES, st.lists(PIECES | st.text()))))
@example("tcp://[")
@example("tcp://[v1.a]:1")
@example("serial:///%00")
@example("usb://04b8:0202/%ff")
def test_any_text_is_an_address_or_one_sentence(text: str) -> None:
    try:
        parse_port_url(text)
    except ValueError as error:
        assert type(error) is ValueError
        assert str(error)
        assert "\n" not in str(error)
    else:
        assert place_of(text, "here")
        assert isinstance(port_warnings("p", text, takes_any_byte=True), list)
        assert can_be_plugged(text) in {True, False}


@given(
    st.sampled_from(BAUDS), st.sampled_from([7, 8]), st.sampled_from(Parity), st.sampled_from([1, 2]),
    st.sampled_from(Flow), st.permutations(["baud", "data", "parity", "stop", "flow"]),
)  # fmt: skip
def test_settings_mean_the_same_in_any_order(
    baud: int, data: int, parity: Parity, stop: int, flow: Flow, order: list[str]
) -> None:
    given = {"baud": baud, "data": data, "parity": parity.value, "stop": stop, "flow": flow.value}
    query = "&".join(f"{name}={given[name]}" for name in order)
    settings = LineSettings(baud, data, parity, stop, flow)
    assert parse_port_url(f"serial:///dev/ttyS0?{query}") == SerialLine("/dev/ttyS0", settings)
    assert parse_port_url(f"rfc2217://host:1?{query}") == RemoteLine("host", 1, settings)


@pytest.mark.parametrize(
    ("url", "loses"),
    [
        ("serial:///dev/ttyS0?flow=none", True),
        ("rfc2217://host:1?flow=none", True),
        ("serial:///dev/ttyS0", False),
        ("serial:///dev/ttyS0?flow=xon", False),
        ("rfc2217://host:1", False),
        ("tcp://host:1", False),
        ("usb://04b8:0202/A", False),
        ("pty:///run/printer", False),
    ],
)
def test_a_line_without_a_handshake_may_lose_bytes(url: str, loses: bool) -> None:
    assert has_no_handshake(url) is loses
