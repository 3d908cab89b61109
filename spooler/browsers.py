"""What doors have in common that browsers come to: the page's files, and a connection by the page alone."""

from __future__ import annotations

from urllib.parse import urlsplit

from websockets.asyncio.server import ServerConnection
from websockets.datastructures import Headers
from websockets.http11 import Request, Response

from passbook.errors import PassbookError
from spooler.browser_files import PageFiles, PageReply

SENDING_TIME = 10.0
"""Seconds that a browser has to take a file; one that stands still is cut off then."""


def answer_browser(connection: ServerConnection, request: Request, files: PageFiles, place: str) -> Response:
    """The response to a browser that asks for `place`, the path behind what is the door's own."""
    tags = request.headers.get_all("If-None-Match")
    return respond(connection, files.reply(place, method=request.method, tag=tags[0] if len(tags) == 1 else None))


def respond(connection: ServerConnection, reply: PageReply) -> Response:
    """`reply` as websockets sends it, with the time that it takes to be read."""
    # A connection that is told no more is closed in the time of a farewell, too short for a file and a slow line.
    connection.close_timeout = SENDING_TIME
    headers = Headers({**reply.headers, "Content-Length": str(len(reply.body)), "Connection": "close"})
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
