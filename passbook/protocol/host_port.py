"""A host and its port as one text, as `printer.example:9100` or `[2001:db8::5]:5846`."""

from __future__ import annotations


def host_port(host: str, port: int) -> str:
    """The text; an IPv6 address stands in brackets.

    >>> host_port("2001:db8::5", 5846)
    '[2001:db8::5]:5846'
    """
    return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"


def split_host_port(text: str) -> tuple[str, int]:
    """Host, an IPv6 address without its brackets, and port of such a text.

    >>> split_host_port("[2001:db8::5]:5846")
    ('2001:db8::5', 5846)
    """
    host, _, port = text.rpartition(":")
    return host.strip("[]"), int(port)
