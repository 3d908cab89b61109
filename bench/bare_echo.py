"""A server that only echoes messages, on the same WebSocket and TLS stack as the terminal door.

    python -m bench.bare_echo CONFIG-FOLDER

CONFIG-FOLDER holds the certificates of an appliance.  Prints its port.
"""

from __future__ import annotations

import asyncio
import sys
from pathlib import Path

from websockets.asyncio.server import ServerConnection, serve

from firmware.identity.server_tls import server_context, shrink_buffers
from spooler.exchange import HARD_LIMIT


async def echo(socket: ServerConnection) -> None:
    """Echo the messages of one connection."""
    async for message in socket:
        await socket.send(message)


async def run(folder: Path) -> None:
    """Serve until killed; the settings are those of the terminal door."""
    context = server_context(folder / "server.pem", folder / "server-key.pem", folder / "ca.pem")
    async with serve(
        echo, "127.0.0.1", 0, ssl=context, compression=None, max_size=HARD_LIMIT, max_queue=1, server_header=None
    ) as server:
        print(server.sockets[0].getsockname()[1], flush=True)
        await server.serve_forever()


if __name__ == "__main__":
    shrink_buffers()
    asyncio.run(run(Path(sys.argv[1])))
