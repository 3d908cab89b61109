"""What doors have in common that browsers come to: the page's files, and a connection by the page alone.

Theory of operation.  websockets reads one request and ends the connection with its response.  A page has ten files, and
each TLS handshake costs time at both ends.  So a connection is kept for a moment, and the next request over it is read
and judged as the first one was.  The time is short, since a kept connection takes a place at the gate, and since all of
it is within the time that websockets gives a handshake.  A client that sends more than it was asked for is cut off.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from contextlib import suppress
from http import HTTPStatus
from typing import Final
from urllib.parse import urlsplit

from websockets.asyncio.server import ServerConnection
from websockets.datastructures import Headers
from websockets.http11 import Request, Response
from websockets.protocol import State

from passbook.errors import PassbookError
from spooler.browser_files import PageFiles, PageReply

SENDING_TIME: Final = 10.0
"""Seconds that a browser has to take a file; one that stands still is cut off then."""
KEPT_FOR: Final = 3.0
"""Seconds from its first request for which a connection is kept; the last file has the rest of SENDING_TIME."""
MOST_IDLE: Final = 1.0
"""Seconds for the next request to come."""
MOST_REQUESTS: Final = 16
"""Requests over one connection: more than the page has files."""
_KEPT: Final = frozenset({HTTPStatus.OK, HTTPStatus.NOT_MODIFIED, HTTPStatus.TEMPORARY_REDIRECT})
"""What a browser with the right certificate is answered; after anything else the connection ends."""

_Answer = Callable[[ServerConnection, Request], Response | None]
"""Judges one request of a connection; None for one that begins to speak the protocol."""


async def answer_in_turn(connection: ServerConnection, request: Request, answer: _Answer) -> Response | None:
    """Answer the requests of a connection, each by `answer`; returns what websockets is to do with the last one."""
    loop = asyncio.get_running_loop()
    end = loop.time() + KEPT_FOR
    for number in range(1, MOST_REQUESTS + 1):
        response = answer(connection, request)
        if response is None:
            return None
        if number == MOST_REQUESTS or loop.time() >= end or not _is_kept(connection, request, response):
            response.headers["Connection"] = "close"
            return response
        following = await _following(connection, response, end)
        if following is None:
            # It is closed, so nothing is sent any more.
            return response
        request = following
    raise AssertionError("the last request ends the connection")


def _is_kept(connection: ServerConnection, request: Request, response: Response) -> bool:
    """Whether more may be asked over a connection after `response`."""
    protocol, wishes = connection.protocol, request.headers.get_all("Connection")
    is_quiet = connection.state is State.CONNECTING and not protocol.eof_sent and not protocol.reader.buffer
    is_wanted = request.protocol == "HTTP/1.1" and all("close" not in one.lower() for one in wishes)
    return is_quiet and is_wanted and response.status_code in _KEPT


async def _following(connection: ServerConnection, response: Response, end: float) -> Request | None:
    """Send a response and wait for the next request; None where none came before `end`: the connection is closed."""
    protocol, transport = connection.protocol, connection.transport
    connection.request, connection.request_rcvd = None, asyncio.get_running_loop().create_future()
    protocol.parser = protocol.parse()
    next(protocol.parser)
    transport.write(response.serialize())
    with suppress(OSError):
        await connection.drain()
        idle = min(MOST_IDLE, max(0.0, end - asyncio.get_running_loop().time()))
        waiting = [connection.request_rcvd, connection.connection_lost_waiter]
        await asyncio.wait(waiting, timeout=idle, return_when=asyncio.FIRST_COMPLETED)
    if connection.request is None:
        # It may be closing already, and is not closed twice.
        if not transport.is_closing():
            transport.close()
        await asyncio.shield(connection.connection_lost_waiter)
    return connection.request


def answer_browser(connection: ServerConnection, request: Request, files: PageFiles, place: str) -> Response:
    """The response to a browser that asks for `place`, the path behind what is the door's own."""
    tags = request.headers.get_all("If-None-Match")
    return respond(connection, files.reply(place, method=request.method, tag=tags[0] if len(tags) == 1 else None))


def respond(connection: ServerConnection, reply: PageReply) -> Response:
    """`reply` as websockets sends it, with the time that it takes to be read."""
    # A connection that is told no more is closed in the time of a farewell, too short for a file and a slow line.
    connection.close_timeout = SENDING_TIME
    headers = Headers({**reply.headers, "Content-Length": str(len(reply.body))})
    return Response(reply.status.value, reply.status.phrase, headers, reply.body)


def check_origin(request: Request, scheme: str, names: frozenset[str], *, is_needed: bool = False) -> None:
    """Refuse a page that came from anywhere but the very place that it connects to.

    A program sends no Origin; it is refused where one `is_needed`.  `names` are our own, without a port.  Raises
    PassbookError `origin-not-accepted`.
    """
    origins, hosts = request.headers.get_all("Origin"), request.headers.get_all("Host")
    if (origins or is_needed) and not (
        len(origins) == len(hosts) == 1 and _is_own(origins[0], scheme, hosts[0], names)
    ):
        raise PassbookError("origin-not-accepted")


def _is_own(origin: str, scheme: str, host: str, names: frozenset[str]) -> bool:
    try:
        name = urlsplit(f"//{host}").hostname
    except ValueError:
        return False
    return origin == f"{scheme}://{host}" and name in names
