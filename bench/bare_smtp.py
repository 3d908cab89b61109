"""A mail server that does the least for a durable mail: its library, and one fdatasync for each message.

    python -m bench.bare_smtp FILE

Appends each message to FILE.  Prints its port.
"""

from __future__ import annotations

import asyncio
import os
import sys

from aiosmtpd.smtp import SMTP, Envelope

from passbook.mail.message_reading import LONGEST_MESSAGE


class Sink:
    """Writes what it is given behind what is there."""

    def __init__(self, descriptor: int) -> None:
        self._descriptor = descriptor

    async def handle_DATA(self, _server: object, _session: object, envelope: Envelope) -> str:  # noqa: N802
        """The library calls it with each mail."""
        content = envelope.content
        os.write(self._descriptor, content if isinstance(content, bytes) else b"")
        os.fdatasync(self._descriptor)
        return "250 2.0.0 On disk"


async def run(file: str) -> None:
    """Serve until killed."""
    sink = Sink(os.open(file, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600))
    loop = asyncio.get_running_loop()
    server = await loop.create_server(
        lambda: SMTP(sink, data_size_limit=LONGEST_MESSAGE, hostname="bare.example", loop=loop), "127.0.0.1", 0
    )
    async with server:
        print(server.sockets[0].getsockname()[1], flush=True)
        await server.serve_forever()


if __name__ == "__main__":
    asyncio.run(run(sys.argv[1]))
