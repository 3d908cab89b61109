"""What stands behind MAIL and RCPT: address, parameters, and the route of the recipient."""

from __future__ import annotations

import re
from typing import Final

from passbook.errors import PassbookError
from passbook.mail.mail_address import parse_mail_address
from passbook.mail.routes import Caller, Route, judge_recipient
from passbook.mail.smtp_envelope import Misread, RecipientPath, SenderPath, read_recipient, read_sender
from passbook.mail.smtp_replies import reply_to

ROUTES: Final = (Route(("a@b",), "x"), Route(("@b",), "y"), Route(("*",), "z", networks=("127.0.0.0/8",)))
_REPLY: Final = re.compile(r"5[05]\d 5\.\d\.\d [ -~]{1,480}")


def check(data: bytes) -> None:
    """Any text is a reply that refuses it, or an address and options that can be written into a command again."""
    arg = data.decode("ascii", "replace").strip()
    _sender(arg)
    try:
        told = read_recipient(arg)
    except Misread as wrong:
        assert _REPLY.fullmatch(str(wrong)), wrong
        return
    assert len(set(told.notify)) == len(told.notify)
    options = [f"NOTIFY={','.join(told.notify)}"] if told.notify else []
    options += [f"ORCPT={told.original}"] if told.original else []
    need = told.need
    options += [f"XFORM={need.form}:{need.sheets}"] if need.form or need.sheets else []
    options += [f"XFORMAT={need.format}{f':{need.layout}' if need.layout else ''}"] if need.format else []
    assert read_recipient(" ".join([f"TO:<{told.address}>", *options])) == RecipientPath(*told)
    _route(told.address)


def _sender(arg: str) -> None:
    try:
        told = read_sender(arg, 1000)
    except Misread as wrong:
        assert _REPLY.fullmatch(str(wrong)), wrong
        return
    options = [f"ENVID={told.envelope_id}"] if told.envelope_id else []
    options += ["RET=HDRS"] if told.wants_headers else []
    assert read_sender(" ".join([f"FROM:<{told.address}>", *options]), 1000) == SenderPath(*told)


def _route(text: str) -> None:
    try:
        address = parse_mail_address(text)
    except PassbookError as error:
        assert error.code == "mail-address"
        assert reply_to(error).isprintable()
        return
    assert parse_mail_address(str(address)) == address
    assert judge_recipient(ROUTES, address, Caller(text)).route is not None
