"""Messages as mail programs write them, and as none should."""

from __future__ import annotations

from collections.abc import Sequence

CSV = b"# layout: savings-24\r\n"
UPDATE = "application/vnd.passbook-update+csv"


def part(kind: str = "text/plain", content: bytes = b"abc", *more: str) -> bytes:
    """One part that holds no parts; `more` are further headers."""
    headers = "".join(f"{one}\r\n" for one in (f"Content-Type: {kind}", *more))
    return f"{headers}\r\n".encode() + content


def holder(parts: Sequence[bytes], subtype: str = "mixed", boundary: str = "b") -> bytes:
    """A part that holds parts."""
    begun = b"".join(b"--%s\r\n%s\r\n" % (boundary.encode(), one) for one in parts)
    return (
        f"Content-Type: multipart/{subtype}; boundary={boundary}\r\n\r\n".encode() + begun + f"--{boundary}--".encode()
    )


def message(body: bytes, *headers: str) -> bytes:
    """Headers of the message before the body with its own."""
    return "".join(f"{one}\r\n" for one in headers).encode() + body + b"\r\n"
