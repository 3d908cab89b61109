"""The mail door: SMTP with STARTTLS, in the appliance's loop.  It translates between SMTP and the intake of mail.

The library reads commands and data and answers syntax errors; passbook.mail reads the envelope with its DSN parameters
(RFC 3461).  A reply of 250 to the data leaves only after the commit of all jobs.
"""

from __future__ import annotations

import asyncio
import hmac
import logging
import re
from collections import Counter
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from ssl import SSLContext, SSLError, SSLObject
from types import MappingProxyType
from typing import Final, NamedTuple

from aiosmtpd.smtp import SMTP, AuthResult, LoginPassword, TLSSetupException
from aiosmtpd.smtp import Envelope as LibraryEnvelope
from aiosmtpd.smtp import Session as LibrarySession

from firmware.service.mail_intake import MOST_RECIPIENTS, Addressed, MailEnvelope, MailIntake
from passbook.errors import PassbookError
from passbook.mail.mail_address import parse_mail_address
from passbook.mail.message_reading import LONGEST_MESSAGE
from passbook.mail.routes import Caller
from passbook.mail.smtp_envelope import FORM_WORD, FORMAT_WORD, Misread, SenderPath, read_recipient, read_sender
from passbook.mail.smtp_replies import LATER, reply_to
from spooler.logs import Log

_LOG: Final = Log("mail")

MOST_CONNECTIONS: Final = 100
"""Connections of all senders together."""
MOST_OF_ADDRESS: Final = 20
"""Connections of one address."""
CONVERSATION_TIME: Final = 120.0
"""Seconds for a command, and for all of a message."""
MOST_COMMANDS: Final = MappingProxyType({"AUTH": 10, "*": 1000})
"""Commands of each kind in one conversation; a password is not guessed at in thousands."""
LONGEST_MAIL: Final = 2 * LONGEST_MESSAGE
"""Bytes of one mail with its envelope; the library would keep a line without an end whole."""
COMMAND_BYTES: Final = 1024
"""Bytes of a command with its parameters: ENVID and ORCPT are long (RFC 3461, 4)."""
ESMTP: Final = ("PIPELINING", "ENHANCEDSTATUSCODES", "DSN", FORM_WORD, FORMAT_WORD)
"""What is announced beside SIZE, 8BITMIME and STARTTLS, which the library announces."""


MOST_LINE_BYTES: Final = 1000
"""Bytes of a line of a message with its end (RFC 5321, 4.5.3.1.6)."""
LAST_LINE: Final = b"\r\n.\r\n"
"""The last line of a message, with the end of the one before."""
_TOO_LONG: Final = re.compile(rb"\n[^\n]{%d}" % MOST_LINE_BYTES)


class Peer(NamedTuple):
    """What a connection proved of itself: the DER certificate, and the name that came with a right password."""

    certificate: bytes | None
    login: str


class MailDoor:
    """Accepts SMTP connections and hands their mail to the intake."""

    def __init__(
        self,
        hostname: str,
        intake: MailIntake,
        *,
        judge: Callable[[bytes | None], str],
        appliances: frozenset[str] = frozenset(),
        passwords: Mapping[str, str] = MappingProxyType({}),
        is_usable: Callable[[], bool],
    ) -> None:
        """`judge` names the owner of a DER certificate, or raises PassbookError.

        `appliances` are the names that hand on mail of others, `passwords` those of terminals by name; `is_usable` says
        whether the store takes anything.
        """
        self._hostname = hostname
        self._intake = intake
        self._judge = judge
        self._appliances = appliances
        self._passwords = passwords
        self._is_usable = is_usable
        self._callers: Counter[str] = Counter()
        self._conversations: set[_Conversation] = set()
        # The library logs addresses and whole commands; the log of the appliance has what its operator needs.
        logging.getLogger("mail.log").disabled = True

    @asynccontextmanager
    async def open(self, host: str, port: int, context: SSLContext) -> AsyncIterator[asyncio.Server]:
        """Listen while the context that this gives is entered.  Raises OSError and UnicodeError."""
        loop = asyncio.get_running_loop()
        server = await loop.create_server(lambda: _Conversation(self, context, loop), host, port)
        try:
            yield server
        finally:
            server.close()
            for one in tuple(self._conversations):
                one.hang_up()

    def enter(self, conversation: _Conversation, address: str) -> bool:
        """Count one more connection; False when there are too many."""
        if self._callers.total() >= MOST_CONNECTIONS or self._callers[address] >= MOST_OF_ADDRESS:
            _LOG.limited(address).warning("mail-refused", code="too-many-connections", address=address)
            return False
        self._callers[address] += 1
        self._conversations.add(conversation)
        return True

    def leave(self, conversation: _Conversation, address: str) -> None:
        """A connection that was counted has ended."""
        if conversation in self._conversations:
            self._conversations.discard(conversation)
            self._callers[address] -= 1
            self._callers += Counter()

    def authenticate(
        self, _server: SMTP, _session: object, _envelope: object, _mechanism: str, data: object
    ) -> AuthResult:
        """Judge name and password of a terminal."""
        if not isinstance(data, LoginPassword):
            return AuthResult(success=False, handled=False)
        name = data.login.decode("ascii", "replace")
        known = self._passwords.get(name, "")
        fits = hmac.compare_digest(known.encode(), data.password)
        if not known or not fits:
            _LOG.limited().warning("mail-password-wrong")
            return AuthResult(success=False, handled=False)
        return AuthResult(success=True, auth_data=name)

    @property
    def takes_passwords(self) -> bool:
        """Whether any terminal may prove itself by a password."""
        return bool(self._passwords)

    def caller(self, address: str, peer: Peer) -> Caller:
        """The caller of a peer.  Raises PassbookError for a certificate that is expired or revoked."""
        name = self._judge(peer.certificate) if peer.certificate else peer.login
        return Caller(address, name, hands_on=name in self._appliances)

    @property
    def hostname(self) -> str:
        """The name of this mail system."""
        return self._hostname

    @property
    def intake(self) -> MailIntake:
        """The intake that judges and takes mail."""
        return self._intake

    def must_be_usable(self) -> None:
        """Raise PassbookError `appliance-locked` while no area is in use."""
        if not self._is_usable():
            raise PassbookError("appliance-locked")


class _Conversation(SMTP):
    """One SMTP conversation."""

    command_size_limit = COMMAND_BYTES

    def __init__(self, door: MailDoor, context: SSLContext, loop: asyncio.AbstractEventLoop) -> None:
        super().__init__(
            self,
            data_size_limit=door.intake.longest,
            enable_SMTPUTF8=False,
            hostname=door.hostname,
            ident="ESMTP passbook appliance",
            tls_context=context,
            authenticator=door.authenticate,
            auth_required=False,
            auth_require_tls=True,
            auth_exclude_mechanism=["LOGIN"],
            timeout=CONVERSATION_TIME,
            command_call_limit=dict(MOST_COMMANDS),
            loop=loop,
        )
        self._door = door
        self._received = 0
        self._address = ""
        self._caller = Caller("")
        self._recipients: list[Addressed] = []
        self._sender: SenderPath | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:  # type: ignore[explicit-override]
        """See asyncio.BaseProtocol; a connection over the limit gets 421."""
        if not self._address:
            peer = transport.get_extra_info("peername")
            self._address = str(peer[0]) if isinstance(peer, tuple) else "?"
            if not self._door.enter(self, self._address):
                assert isinstance(transport, asyncio.Transport)  # noqa: S101  # a server's connection can be written to
                transport.write(b"421 4.7.0 There are too many connections; try again later.\r\n")
                self._address = ""
                transport.close()
                return
        super().connection_made(transport)

    def connection_lost(self, error: Exception | None) -> None:  # type: ignore[explicit-override]
        """See asyncio.BaseProtocol."""
        if self.session is None:
            return
        super().connection_lost(error)
        self._door.leave(self, self._address)

    def eof_received(self) -> bool | None:  # type: ignore[explicit-override]
        """See asyncio.Protocol."""
        return super().eof_received() if self.session is not None else False

    def data_received(self, data: bytes) -> None:  # type: ignore[explicit-override]
        """See asyncio.Protocol; a mail without an end loses its connection."""
        self._received += len(data)
        if self._received <= LONGEST_MAIL:
            super().data_received(data)
        elif isinstance(self.transport, asyncio.Transport):
            _LOG.limited(self._address).warning("mail-refused", code="message-too-large", address=self._address)
            self.transport.write(f"552 5.3.4 A message may have {LONGEST_MESSAGE} bytes.\r\n".encode())
            self.transport.close()

    def _timeout_cb(self) -> None:  # type: ignore[explicit-override]
        """The time for a command or a message is over: the peer hears it, and is hung up on."""
        if isinstance(self.transport, asyncio.Transport):
            _LOG.limited(self._address).warning("mail-refused", code="too-slow", address=self._address)
            self.transport.write(b"421 4.4.2 It took too long; send it again later.\r\n")
        super()._timeout_cb()  # type: ignore[no-untyped-call]

    def hang_up(self) -> None:
        """End the conversation: the appliance stops."""
        if self.transport is not None:
            self.transport.close()

    def _set_rset_state(self) -> None:  # type: ignore[explicit-override]
        super()._set_rset_state()  # type: ignore[no-untyped-call]
        self._recipients, self._sender = [], None

    def _set_post_data_state(self) -> None:  # type: ignore[explicit-override]
        super()._set_post_data_state()  # type: ignore[no-untyped-call]
        self._recipients, self._sender, self._received = [], None, 0

    async def handle_EHLO(  # noqa: N802  # the library's name
        self, _server: SMTP, session: LibrarySession, _envelope: LibraryEnvelope, hostname: str, responses: list[str]
    ) -> list[str]:
        """Announce what this mail system can."""
        session.host_name = hostname
        own = [one for one in responses if self._door.takes_passwords or "AUTH" not in one]
        return [*own[:-1], *(f"250-{word}" for word in ESMTP), own[-1]]

    async def smtp_MAIL(self, arg: str | None) -> None:  # type: ignore[explicit-override]  # noqa: N802
        """The sender, judged with what the connection proved."""
        await self._answer(self._take_sender, arg)

    async def smtp_RCPT(self, arg: str | None) -> None:  # type: ignore[explicit-override]  # noqa: N802
        """A recipient, judged by the routes."""
        await self._answer(self._take_recipient, arg)

    async def _answer(self, work: Callable[[str], str], arg: str | None) -> None:
        if await self.check_helo_needed():
            return
        try:
            reply = work(arg or "")
        except Misread as wrong:
            reply = str(wrong)
        except PassbookError as error:
            _LOG.limited(self._address).warning("mail-refused", code=error.code, address=self._address)
            reply = reply_to(error)
        await self.push(reply)

    def _take_sender(self, arg: str) -> str:
        if self._sender is not None:
            raise Misread("503 5.5.1 There is a sender already; end that mail, or send RSET.")
        sender = read_sender(arg, LONGEST_MESSAGE)
        self._door.must_be_usable()
        self._caller = self._door.caller(self._address, self._peer())
        self._door.intake.judge_sender(self._caller, sender.address)
        self._sender = sender
        return "250 2.1.0 The sender is taken."

    def _take_recipient(self, arg: str) -> str:
        if self._sender is None:
            raise Misread("503 5.5.1 Send MAIL first.")
        if len(self._recipients) >= MOST_RECIPIENTS:
            raise Misread(f"452 4.5.3 A mail may have {MOST_RECIPIENTS} recipients; send the others in another one.")
        recipient = read_recipient(arg)
        addressed = self._door.intake.judge_recipient(self._caller, parse_mail_address(recipient.address))
        self._door.intake.judge_need(addressed.route, recipient.need)
        self._recipients.append(addressed._replace(notify=recipient.notify, original=recipient.original))
        if self.envelope is not None:
            # The library asks whether there is any before it takes data.
            self.envelope.rcpt_tos.append(recipient.address)
        return "250 2.1.5 The recipient is taken."

    async def smtp_DATA(self, arg: str | None) -> None:  # type: ignore[explicit-override]  # noqa: N802
        """The message, read in pieces; the library takes it line by line, which holds the loop for short lines."""
        if await self.check_helo_needed():
            return
        if not self._recipients or self.envelope is None or self.session is None:
            await self.push("503 5.5.1 Send RCPT first.")
        elif arg:
            await self.push("501 5.5.4 DATA has no parameter.")
        else:
            await self.push("354 End the message with a dot on a line of its own.")
            message = await self._received_message()
            if len(message) > LONGEST_MESSAGE:
                reply = f"552 5.3.4 A message may have {LONGEST_MESSAGE} bytes."
            elif _TOO_LONG.search(b"\n" + message):
                reply = f"500 5.5.2 A line may have {MOST_LINE_BYTES} bytes."
            else:
                # A line that begins with a dot has another one before it (RFC 5321, 4.5.2).
                self.envelope.content = message.replace(b"\r\n.", b"\r\n").removeprefix(b".")
                reply = await self.handle_DATA(self, self.session, self.envelope)
            self._set_post_data_state()
            await self.push(reply)

    async def _received_message(self) -> bytes:
        """The message as it crossed the wire, without its last line; of one that is too large only the begin."""
        # The end of the line of DATA may be that before the dot which ends the message.
        self._reader._buffer[:0] = b"\r\n"  # type: ignore[attr-defined]  # noqa: SLF001
        pieces, size = [], 0
        while True:
            try:
                piece, is_last = await self._reader.readuntil(LAST_LINE), True
            except asyncio.LimitOverrunError as error:
                piece, is_last = await self._reader.readexactly(error.consumed), False
            if size <= LONGEST_MESSAGE:
                pieces.append(piece)
            size += len(piece)
            if is_last:
                return b"".join(pieces)[2:].removesuffix(LAST_LINE[2:])

    async def handle_DATA(self, _server: SMTP, _session: LibrarySession, envelope: LibraryEnvelope) -> str:  # noqa: N802
        """Accept the mail; 250 leaves after the commit."""
        assert isinstance(envelope.content, bytes)  # noqa: S101  # the library decodes nothing here
        sender = self._sender or SenderPath("")
        mail = MailEnvelope(
            self._caller,
            sender.address,
            tuple(self._recipients),
            envelope_id=sender.envelope_id,
            wants_headers=sender.wants_headers,
        )
        try:
            records = await self._door.intake.take(mail, envelope.content)
        except PassbookError as error:
            _LOG.limited(self._address).warning("mail-refused", code=error.code, address=self._address)
            return reply_to(error)
        except Exception as error:  # noqa: BLE001  # a defect of ours: the sender keeps its mail, and no other is hurt
            _LOG.limited(self._address).failure("mail-failed", error, address=self._address)
            return f"{LATER} internal-error: The mail was not taken; try again later."
        jobs = " ".join(record.job_id[:8] for record in records)
        _LOG.info("mail-taken", address=self._address, count=len(records))
        return f"250 2.0.0 On disk: {jobs}"[:400]

    async def handle_exception(self, error: Exception) -> str:  # type: ignore[explicit-override]
        """A defect of ours, or of the library: this conversation hears it, and no other."""
        if isinstance(error, TLSSetupException):
            # The fault of the peer.  What OpenSSL refuses is told where the handshake is made.
            if not isinstance(error.__cause__, SSLError):
                _LOG.limited(self._address).warning("mail-refused", code="not-tls", address=self._address)
            return "454 4.7.0 TLS was not agreed on."
        _LOG.limited(self._address).failure("mail-failed", error, address=self._address)
        return "451 4.3.0 The command failed; try again later."

    def _peer(self) -> Peer:
        tls = self.session.ssl.get("ssl_object") if self.session and self.session.ssl else None
        certificate = tls.getpeercert(binary_form=True) if isinstance(tls, SSLObject) else None
        login = self.session.auth_data if self.session and self.session.authenticated else ""
        return Peer(certificate, login if isinstance(login, str) else "")
