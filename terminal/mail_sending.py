"""Handing a mail over to an SMTP server: one conversation, and the answer for each recipient.

The server proves its name by its certificate before anything else is said to it.  Only a server on this machine may be
spoken to in clear.  A command stays no longer than SERVER_TIME with a server that is silent.
"""

from __future__ import annotations

import ipaddress
import smtplib
import ssl
from collections.abc import Callable, Sequence
from contextlib import suppress
from typing import Final, NamedTuple

from passbook.errors import PassbookError
from passbook.mail.mail_address import MailAddress, parse_mail_address
from passbook.mail.message_reading import one_line
from passbook.protocol.host_port import host_port

SERVER_TIME: Final = 60.0
"""Seconds for each answer of the server."""
LONGEST_ANSWER: Final = 300
"""Characters of an answer that are shown."""
_READY: Final = 220
_OK: Final = 250
_PERMANENT: Final = 500


class MailServer(NamedTuple):
    """A server, and how it is spoken to.

    Attributes:
        host: its host.
        port: its port.
        context: for STARTTLS; None to speak in clear, to a server on this machine.
        server_name: the name that its certificate must have.
        login: user and password for SMTP AUTH; None for none.
    """

    host: str
    port: int
    context: ssl.SSLContext | None
    server_name: str
    login: tuple[str, str] | None

    def __str__(self) -> str:  # type: ignore[explicit-override]  # typing.override comes with Python 3.12
        """Host and port."""
        return host_port(self.host, self.port)


class ServerAnswer(NamedTuple):
    """The answer for one recipient; `error` is None where the server has taken the mail for it."""

    address: str
    words: str
    error: PassbookError | None


class Outgoing(NamedTuple):
    """One mail.

    Attributes:
        recipients: the addresses of its envelope.
        message_id: with its angle brackets.
        terminal: the local part of the sender where `sender` is None, at the domain that the server names.
        sender: the sender.
        message: the message from a sender.
    """

    recipients: Sequence[MailAddress]
    message_id: str
    terminal: str
    sender: MailAddress | None
    message: Callable[[MailAddress], bytes]


def send_mail(server: MailServer, mail: Outgoing) -> list[ServerAnswer]:
    """Hand the mail over; returns the answer for each recipient, in their order.

    Raises PassbookError `mail-server-unreachable`, `mail-server-not-trusted`, `mail-server-unfit`,
    `mail-login-refused`, `mail-unprotected` or `mail-address`; then nothing was sent.
    """
    # Without a name of its own smtplib would ask the DNS for one.
    client = smtplib.SMTP(local_hostname="localhost", timeout=SERVER_TIME)
    try:
        _connect(client, server)
        _protect(client, server)
        _log_in(client, server)
        answers = _offer(client, server, mail, mail.sender or _own_sender(client, mail.terminal))
    except ssl.SSLCertVerificationError as error:
        raise PassbookError("mail-server-not-trusted", server=str(server), why=_plain(error.verify_message)) from None
    except (OSError, smtplib.SMTPException, UnicodeError) as error:
        raise _unreachable(server, _reason(error)) from None
    else:
        with suppress(OSError):
            client.quit()
        return answers
    finally:
        client.close()


def _connect(client: smtplib.SMTP, server: MailServer) -> None:
    reply = client.connect(server.host, server.port)
    if reply[0] != _READY:
        raise _unreachable(server, f"it answers {_words(reply)}")
    assert client.sock is not None  # noqa: S101  # it is connected
    peer, own = client.sock.getpeername()[0], client.sock.getsockname()[0]
    if server.context is None and not ipaddress.ip_address(peer.partition("%")[0]).is_loopback:
        raise PassbookError("mail-unprotected", server=str(server))
    client.local_hostname = f"[IPv6:{own}]" if ":" in own else f"[{own}]"
    _greet(client, server)


def _greet(client: smtplib.SMTP, server: MailServer) -> None:
    reply = client.ehlo()
    if reply[0] != _OK:
        raise _unreachable(server, f"it answers {_words(reply)}")


def _protect(client: smtplib.SMTP, server: MailServer) -> None:
    if server.context is None:
        return
    if not client.has_extn("starttls"):
        raise PassbookError("mail-server-unfit", server=str(server), what="STARTTLS")
    # smtplib judges the certificate by the name that was dialed.
    client._host = server.server_name  # type: ignore[attr-defined]  # noqa: SLF001
    reply = client.starttls(context=server.context)
    if reply[0] != _READY:
        raise _unreachable(server, f"it answers {_words(reply)}")
    _greet(client, server)


def _log_in(client: smtplib.SMTP, server: MailServer) -> None:
    if server.login is None:
        return
    if not client.has_extn("auth"):
        raise PassbookError("mail-server-unfit", server=str(server), what="user names and passwords (SMTP AUTH)")
    try:
        client.login(*server.login)
    except smtplib.SMTPAuthenticationError as error:
        reply = error.smtp_code, _octets(error.smtp_error)
        if error.smtp_code >= _PERMANENT:
            raise PassbookError("mail-login-refused", server=str(server), words=_words(reply)) from None
        raise _unreachable(server, f"it answers {_words(reply)}") from None


def _own_sender(client: smtplib.SMTP, terminal: str) -> MailAddress:
    """The address of this terminal at the mail system that the server's greeting names."""
    domain = (client.ehlo_resp or b"").split(b"\n")[0].split(b" ")[0].decode("ascii", "replace")
    return parse_mail_address(f"{terminal}@{domain}")


def _offer(client: smtplib.SMTP, server: MailServer, mail: Outgoing, sender: MailAddress) -> list[ServerAnswer]:
    message = mail.message(sender)
    size = [f"SIZE={len(message)}"] if client.has_extn("size") else []
    whole = client.mail(str(sender), size)
    if whole[0] != _OK:
        return [_answer(server, mail, one, whole) for one in mail.recipients]
    replies = [client.rcpt(str(one)) for one in mail.recipients]
    taken = [_is_taken(reply) for reply in replies]
    if any(taken):
        outcome = _hand(client, message)
        replies = [outcome if is_taken else reply for is_taken, reply in zip(taken, replies, strict=True)]
    return [_answer(server, mail, one, reply) for one, reply in zip(mail.recipients, replies, strict=True)]


def _hand(client: smtplib.SMTP, message: bytes) -> tuple[int, bytes]:
    """The reply to the message; code 0 with the cause where none came."""
    try:
        return client.data(message)
    except smtplib.SMTPDataError as error:
        return error.smtp_code, _octets(error.smtp_error)
    except (OSError, smtplib.SMTPException) as error:
        return 0, _reason(error).encode()


def _answer(server: MailServer, mail: Outgoing, address: MailAddress, reply: tuple[int, bytes]) -> ServerAnswer:
    words = _words(reply)
    named = {"server": str(server), "address": str(address)}
    message_id = mail.message_id.strip("<>")
    if _is_taken(reply):
        return ServerAnswer(str(address), words, None)
    if reply[0] <= 0:
        why = _plain(reply[1].decode())
        error = PassbookError("mail-outcome-unknown", **named, why=why, message_id=message_id)
    elif reply[0] >= _PERMANENT:
        error = PassbookError("mail-refused", **named, words=words)
    else:
        error = PassbookError("mail-postponed", **named, words=words, message_id=message_id)
    return ServerAnswer(str(address), words, error)


def _is_taken(reply: tuple[int, bytes]) -> bool:
    return reply[0] // 100 == _OK // 100


def _unreachable(server: MailServer, why: str) -> PassbookError:
    return PassbookError("mail-server-unreachable", server=str(server), why=why)


def _reason(error: OSError | smtplib.SMTPException | UnicodeError) -> str:
    """The cause in words, without a full stop."""
    if isinstance(error, TimeoutError):
        return f"no answer came within {SERVER_TIME:g} seconds"
    if isinstance(error, ssl.SSLError):
        return f"TLS failed ({_plain(error.reason or 'no reason given')})"
    if isinstance(error, smtplib.SMTPServerDisconnected):
        return "it closed the connection"
    if isinstance(error, OSError) and error.strerror:
        return _plain(error.strerror)
    return _plain(str(error)) or type(error).__name__


def _words(reply: tuple[int, bytes]) -> str:
    """A reply as one printable line, without a full stop."""
    return _plain(f"{reply[0]} {reply[1].decode('ascii', 'replace')}")


def _plain(text: str) -> str:
    return one_line(text, LONGEST_ANSWER).rstrip(". ")


def _octets(text: bytes | str) -> bytes:
    return text if isinstance(text, bytes) else text.encode()
