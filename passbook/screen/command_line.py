"""The common part of all commands: the reading of their words, their exit codes, their end.

They speak to the standard streams of their process; nothing else is opened here.
"""

from __future__ import annotations

import argparse
import io
import shutil
import signal
import sys
from collections.abc import Callable, Mapping
from contextlib import redirect_stderr, redirect_stdout, suppress
from importlib import metadata
from typing import Any, Final, NoReturn, Protocol, Self, TextIO, TypeVar, cast

from passbook.errors import PassbookError, shown, speakable
from passbook.errors.kinds import EXIT_CODES, EXIT_HELP, INTERRUPTED, Mender
from passbook.screen.arguments import meant, path
from passbook.screen.columns import LEAST_WIDTH, filled, harmless

T = TypeVar("T")

# typing.override comes with Python 3.12, so mypy shall not ask for it.


class NamedPath(Protocol):
    """The path of a file or folder (pathlib.Path, which these rules do not use)."""

    def expanduser(self) -> Self:
        """The path with the folder of a user in place of `~`.  Raises RuntimeError where there is no such user."""


P = TypeVar("P", bound=NamedPath)

DISTRIBUTION: Final = "passbook-appliance"
HOME: Final = "PASSBOOK_HOME"
"""Environment variable: the folder of the terminal."""
PASSPHRASE_FILE: Final = "PASSBOOK_PASSPHRASE_FILE"  # noqa: S105  # where it is, not what it is
"""Environment variable: the file that holds the passphrase of the key ring."""
CONTROL_VARIABLE: Final = "PASSBOOK_CONTROL"
"""Environment variable: the operators' socket of the appliance."""
SIMULATOR: Final = "PASSBOOK_SIMULATOR"
"""Environment variable: the control socket of the simulated mechanism."""


def screen_width(stream: TextIO) -> int | None:
    """The cells of a line of the screen to which a stream goes; None for a stream that goes to no screen."""
    return max(LEAST_WIDTH, shutil.get_terminal_size().columns) if stream.isatty() else None


class Parser(argparse.ArgumentParser):
    """Reads the words of a command; an error is for the caller, and suggests the words that may be meant."""

    def error(self, message: str) -> NoReturn:  # type: ignore[explicit-override]
        """Show the usage and the error, and exit with the code of the person who typed the command."""
        self.print_usage(sys.stderr)
        said = "\n".join(filled([f"{self.prog}: error: {harmless(message)}"], screen_width(sys.stderr)))
        self.exit(EXIT_CODES[Mender.CALLER], f"{said}\n")

    def parse_known_args(self, args: Any = None, namespace: Any = None) -> Any:  # type: ignore[explicit-override]
        """Read the words; refuse an unknown option here, where its error can name the known ones."""
        found, rest = super().parse_known_args(args, namespace)
        for word in rest:
            if word.startswith("-"):
                name = word.partition("=")[0]
                self.error(f"there is no option `{shown(name)}`{meant(name, self._option_string_actions)}")
        if rest:
            self.error(f"`{shown(rest[0])}` is one word too many")
        return found, rest

    def _check_value(self, action: argparse.Action, value: Any) -> None:  # type: ignore[explicit-override]
        """Refuse a word that is not among the choices of `action`."""
        if action.choices is None or value in action.choices:
            return
        known = [str(one) for one in action.choices]
        if isinstance(action.choices, Mapping):
            self.error(f"there is no command `{shown(str(value))}`{meant(str(value), known)}")
        expected = f"expected one of {', '.join(known)}{meant(str(value), known)}"
        raise argparse.ArgumentError(action, expected)


class _Version(argparse.Action):
    """Shows the installed version, and ends."""

    def __call__(self, parser: argparse.ArgumentParser, *_read: Any) -> None:  # type: ignore[explicit-override]
        sys.stdout.write(f"{parser.prog} {metadata.version(DISTRIBUTION)}\n")
        parser.exit()


def command_parser(program: str, description: str, **more: Any) -> Parser:
    """The parser of a whole command, with --version and the exit codes in its help."""
    parser = Parser(prog=program, description=description, epilog=EXIT_HELP, **more)
    parser.add_argument(
        "--version", action=_Version, nargs=0, default=argparse.SUPPRESS, help="say which version this is"
    )
    return parser


def from_environment(environment: Mapping[str, str], variable: str, kind: Callable[[str], P]) -> P | None:
    """The path in an environment variable, as a `kind`, where `~` is a home; None if it is not set or empty."""
    value = environment.get(variable, "")
    if not value.strip():
        return None
    place = path(kind)(value)
    try:
        return place.expanduser()
    except RuntimeError:
        # There is no such user.
        return place


def exit_code(error: PassbookError, typed: argparse.Namespace) -> int:
    """The exit code of a command that ends with `error`.

    The caller must mend a file that the caller named, or one in a folder that the caller named.
    """
    if error.code in {"file-problem", "not-enrolled"}:
        file = str(error.facts["file"])
        places = [speakable(str(value)) for value in vars(typed).values() if not isinstance(value, str)]
        if any(file == place or file.startswith(f"{place.rstrip('/')}/") for place in places):
            return EXIT_CODES[Mender.CALLER]
    return error.exit_code


class Watched:
    """A standard stream that remembers the error of a failed write; else the same as that stream."""

    def __init__(self, stream: TextIO) -> None:
        """Take the place of `stream`, and make it fit for any text."""
        self._stream = stream
        self.failure: OSError | None = None
        # A name in letters that the terminal's encoding lacks must not end in a traceback.
        if isinstance(stream, io.TextIOWrapper):
            # A stream that another program exchanged below the interpreter may refuse that and still be usable.
            with suppress(OSError):
                stream.reconfigure(errors="backslashreplace")

    def write(self, text: str) -> int:
        """Write to the stream; keep an error."""
        return self._noted(lambda: self._stream.write(text))

    def flush(self) -> None:
        """Flush the stream; keep an error."""
        self._noted(self._stream.flush)

    def close_if_it_fails(self) -> None:
        """Flush the rest; close a stream that fails, so that the interpreter's end finds nothing to flush."""
        with suppress(OSError):
            self.flush()
        if self.failure is not None and isinstance(self._stream, io.TextIOWrapper):
            # Closing the stream in order would write once more.
            raw: Any = getattr(self._stream.buffer, "raw", self._stream.buffer)
            with suppress(OSError):
                raw.close()

    def _noted(self, act: Callable[[], T]) -> T:
        try:
            return act()
        except OSError as error:
            self.failure = error
            raise

    def __getattr__(self, name: str) -> Any:
        return getattr(self._stream, name)


def conduct(program: str, act: Callable[[], int]) -> int:
    """Run a command, flush its output, and return the exit code.

    A failed write ends in one sentence on standard error, and a reader that closed its end in none.
    """
    # The interpreter has None in place of a stream that was closed before it began.
    sys.stdin = sys.stdin or io.StringIO()
    sys.stderr = sys.stderr or _Nowhere()
    said = Watched(sys.stderr)
    with redirect_stderr(cast("TextIO", said)):
        try:
            if sys.stdout is None:
                return _not_shown(program, "standard output is closed", "Nothing was done")
            out = Watched(sys.stdout)
            with redirect_stdout(cast("TextIO", out)):
                return _watched(program, act, out, said)
        finally:
            said.close_if_it_fails()


def cannot_show() -> bool:
    """Whether standard output failed; then `conduct` says so, and no other part needs to."""
    return isinstance(sys.stdout, Watched) and sys.stdout.failure is not None


def _watched(program: str, act: Callable[[], int], out: Watched, said: Watched) -> int:
    ended: SystemExit | None = None
    code = EXIT_CODES[Mender.CALLER]
    try:
        code = _interruptible(act)
    except KeyboardInterrupt:
        code = INTERRUPTED
    except SystemExit as end:
        ended = end
    except OSError:
        if out.failure is None and said.failure is None:
            raise
    out.close_if_it_fails()
    if isinstance(out.failure, BrokenPipeError):
        return EXIT_CODES[Mender.NONE]
    if out.failure is not None:
        return _not_shown(program, out.failure.strerror or str(out.failure), "The command may have been carried out")
    if ended is not None:
        raise ended
    return code


def _interruptible(act: Callable[[], int]) -> int:
    """Run `act`, in which Ctrl-C raises KeyboardInterrupt where it ended the process before."""
    if signal.getsignal(signal.SIGINT) is not signal.SIG_DFL:
        return act()
    signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        return act()
    finally:
        signal.signal(signal.SIGINT, signal.SIG_DFL)


def _not_shown(program: str, why: str, done: str) -> int:
    error = PassbookError("output-not-written", why=why, done=done)
    with suppress(OSError):
        sys.stderr.write(f"{program}: {error} [{error.code}]\n")
    return error.exit_code


class _Nowhere(io.StringIO):
    """A stream in place of a closed standard error."""

    def write(self, text: str) -> int:  # type: ignore[explicit-override]
        return len(text)
