"""The agent's door for a browser of this machine: the loopback, by an address that is good once (docs/page.md).

Theory of operation.  Every user of the machine can reach the loopback, so an address proves its user: it holds a token
that only a program at the agent's own socket is given.  The token is good once, for a minute, and leads to a place with
a secret name, under which the page's files and the service are.  The place is no cookie, since a browser shows cookies
to every port of a host.  It is good until the agent ends.  Nothing listens before an address was asked for.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from http import HTTPStatus
from typing import Final, NamedTuple, Self, TypeVar

from websockets.asyncio.server import Server, ServerConnection, serve
from websockets.http11 import Request, Response

from passbook.errors import PassbookError
from passbook.job.actor import UnixCaller
from passbook.protocol.messages import POLICY_VIOLATION, SERVICE_PATH
from spooler.browser_files import PageFiles, led_to, text_reply
from spooler.browsers import SENDING_TIME, answer_browser, answer_in_turn, check_origin, respond
from spooler.clock import Clock
from spooler.door_session import FAREWELL
from spooler.exchange import HARD_LIMIT
from spooler.logs import Log
from terminal.agent.local_door import PING

_LOG: Final = Log("page")
T = TypeVar("T")

HOST: Final = "127.0.0.1"
GOOD_FOR: Final = 60.0
"""Seconds within which an address must be opened."""
MOST_PLACES: Final = 8
"""Addresses that wait to be opened, and as many pages that were; the oldest is forgotten."""
MOST_BROWSERS: Final = 64
"""Connections at the same time; a browser has a few."""
TOKEN_BYTES: Final = 32


class _Token(NamedTuple):
    """An address that was not opened yet: when it was given, and to whom."""

    at: float
    caller: UnixCaller


class _Counted(ServerConnection):
    """A connection of a browser, which ends at once where there are too many: any user of the machine can make them."""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:  # type: ignore[explicit-override]
        super().connection_made(transport)
        if len(self.server.handler_tasks) > MOST_BROWSERS:
            self.transport.abort()


class PageDoor:
    """Serves the page's files and the agent's service to browsers of this user."""

    def __init__(
        self,
        files: PageFiles,
        handle: Callable[[ServerConnection, UnixCaller], Awaitable[None]],
        *,
        clock: Clock,
        rng: Callable[[int], bytes],
    ) -> None:
        """`handle` converses with a page, on behalf of the program that asked for its address."""
        self._files = files
        self._converse = handle
        self._clock = clock
        self._rng = rng
        self._tokens: dict[str, _Token] = {}
        self._places: dict[str, UnixCaller] = {}
        self._server: Server | None = None
        self._opening = asyncio.Lock()
        self._host = ""

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_failure: object) -> None:
        """Stop listening; the pages that are connected are for the owner of their sessions to end."""
        if self._server is not None:
            self._server.close(close_connections=False)

    async def address(self, caller: UnixCaller) -> str:
        """A new address, good once.  Raises PassbookError `file-problem` where no port can be had."""
        async with self._opening:
            if self._server is None:
                self._server = await self._listen()
        token = self._rng(TOKEN_BYTES).hex()
        _keep(self._tokens, token, _Token(self._clock.monotonic(), caller))
        return f"http://{self._host}/{token}/"

    async def _listen(self) -> Server:
        try:
            server = await serve(
                self._handle,
                HOST,
                0,
                compression=None,
                max_size=HARD_LIMIT,
                max_queue=1,
                open_timeout=SENDING_TIME,
                close_timeout=FAREWELL,
                ping_interval=PING,
                ping_timeout=PING,
                process_request=self._receive,
                server_header=None,
                create_connection=_Counted,
            )
        except OSError as error:
            raise PassbookError("file-problem", file=HOST, why=error.strerror or str(error)) from None
        self._host = f"{HOST}:{server.sockets[0].getsockname()[1]}"
        _LOG.info("listening", address=self._host)
        return server

    async def _receive(self, connection: ServerConnection, request: Request) -> Response | None:
        return await answer_in_turn(connection, request, self._answer)

    def _answer(self, connection: ServerConnection, request: Request) -> Response | None:
        """None for a page that begins to speak the protocol; a browser that asks for a file gets it."""
        try:
            return self._judged(connection, request)
        except PassbookError as error:
            _LOG.limited().warning("browser-refused", code=error.code)
            return respond(connection, text_reply(HTTPStatus.FORBIDDEN, f"{error.code}: {error}"))

    def _judged(self, connection: ServerConnection, request: Request) -> Response | None:
        """Raises PassbookError `origin-not-accepted`, `page-address-used`."""
        if request.headers.get_all("Host") != [self._host]:
            raise PassbookError("origin-not-accepted")
        first, place = _parted(request)
        if first in self._tokens and place == "/" and request.method == "GET":
            return respond(connection, led_to(f"/{self._opened(first)}/"))
        self._caller(first)
        if place.partition("?")[0] == SERVICE_PATH:
            check_origin(request, "http", frozenset({HOST}), is_needed=True)
            return None
        return answer_browser(connection, request, self._files, place)

    def _caller(self, place: str) -> UnixCaller:
        """The program that asked for the page at this place.  Raises PassbookError `page-address-used`."""
        caller = self._places.get(place)
        if caller is None:
            raise PassbookError("page-address-used")
        return caller

    def _opened(self, name: str) -> str:
        """The place to which a token leads.  Raises PassbookError `page-address-used` for one that is too old."""
        token = self._tokens.pop(name)
        if self._clock.monotonic() - token.at > GOOD_FOR:
            raise PassbookError("page-address-used")
        place = self._rng(TOKEN_BYTES).hex()
        _keep(self._places, place, token.caller)
        return place

    async def _handle(self, connection: ServerConnection) -> None:
        first, place = _parted(connection.request)
        try:
            caller = self._caller(first)
            self._files.check_version(place.partition("?")[2])
        except PassbookError as error:
            await connection.close(POLICY_VIOLATION, error.code)
            return
        await self._converse(connection, caller)


def _parted(request: Request | None) -> tuple[str, str]:
    """The first name of a request's path, and the rest of it from its stroke on."""
    first, stroke, rest = ("" if request is None else request.path).removeprefix("/").partition("/")
    return first, f"{stroke}{rest}"


def _keep(known: dict[str, T], name: str, value: T) -> None:
    known[name] = value
    while len(known) > MOST_PLACES:
        del known[next(iter(known))]
