"""The lines that a command shows when Ctrl-C ends it: the work that goes on, and the way back."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from passbook.screen.columns import short
from passbook.screen.way_back import with_places


class LeftBehind:
    """The lines to show when the person leaves; a command sets them as it goes on."""

    def __init__(self, places: Sequence[str] = ()) -> None:
        """No lines yet; their commands get the words `places`, with which the person named the terminal's folder."""
        self._places = places
        self._lines: Sequence[str] = ()

    @property
    def lines(self) -> Sequence[str]:
        """The lines; none for a command that left nothing behind."""
        return self._lines

    @lines.setter
    def lines(self, lines: Sequence[str]) -> None:
        self._lines = tuple(with_places(lines, self._places))

    @contextmanager
    def during(self, lines: Sequence[str]) -> Iterator[None]:
        """Show these lines to a person who leaves before the work inside is done."""
        self.lines = lines
        yield
        self.lines = ()


def job_left(job: str) -> Sequence[str]:
    """The lines for a job that goes on without its screen."""
    return (
        f"The appliance keeps job {short(job)}; only this screen has left it. Follow it again, or end it:",
        f"  teller follow {short(job)}",
        f"  teller cancel {short(job)} --person NAME",
    )


def order_left(job: str) -> Sequence[str]:
    """The lines for an order about a job whose reply has not come."""
    return (
        f"The terminal does not know whether the order for job {short(job)} was carried out. See how the job stands:",
        f"  teller follow {short(job)}",
    )


def request_left(request: str, command: str) -> Sequence[str]:
    """The lines for a request whose answer has not come; `command` sends it again."""
    return (
        (
            f"The terminal does not know whether request {request} was accepted. Send the same document again; "
            "it never prints twice:"
        ),
        f"  {command}",
    )
