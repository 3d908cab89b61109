"""`passbook-sim`: run a simulated mechanism, act at it like a person, look at its paper."""

from __future__ import annotations

import argparse
import os
import signal
import sys
import threading
from pathlib import Path
from typing import Final

import msgspec

from drivers.simulator.control import LONGEST_CONTROL_WAIT, ControlFailure, SimulatorControl
from drivers.simulator.family import PROFILES
from drivers.simulator.faults import AfterStrike, AtByte, AtLineByte, DuringStrike, FaultKind, Now, Target, When
from drivers.simulator.mechanism import USUAL_CODE_PAGE
from drivers.simulator.paper import Paper, Ruler
from drivers.simulator.render import render_sheet
from drivers.simulator.running import FAST, Simulator, open_cable, real_pace
from passbook.errors import PassbookError
from passbook.errors.kinds import EXIT_CODES, Mender
from passbook.screen.arguments import path, seconds, whole
from passbook.screen.command_line import SIMULATOR, Parser, cannot_show, command_parser, conduct, from_environment

DEFAULT_RULER = Ruler(first_y=1800, pitch=360, lines=20, fold_after=10, fold_gap=900)
"""Twenty lines at 1/6 inch, the fold after the tenth."""
_LAST_PID: Final = 2**22
"""The highest process id that Linux gives (proc(5), pid_max)."""
_NUMBER: Final = whole(0, 999_999_999)


def main(argv: list[str] | None = None) -> int:
    """Run one command and return 0; where it fails, print one sentence on standard error and return its exit code."""
    return conduct("passbook-sim", lambda: _act(argv))


def _act(argv: list[str] | None) -> int:
    options = _parser().parse_args(argv)
    try:
        return int(options.command(options) or 0)
    except (ControlFailure, PassbookError, ValueError, OSError, OverflowError) as error:
        # `conduct` tells of a failed write.
        if cannot_show():
            raise
        print(f"passbook-sim: {error}", file=sys.stderr)
        return EXIT_CODES[Mender.CALLER]


def _parser() -> argparse.ArgumentParser:
    parser = command_parser("passbook-sim", "A simulated mechanism: run it, act at it as a person, look at its paper.")
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    _add_run(commands.add_parser("run", help="be a mechanism until SIGTERM"))
    paper = commands.add_parser("paper", help="draw every page as a PNG")
    paper.add_argument("file", type=path(Path))
    paper.add_argument("--out", type=path(Path), required=True, help="folder for the pictures")
    paper.set_defaults(command=_paper)
    person = Parser(add_help=False)
    text = f"the simulator's control socket (default: ${SIMULATOR})"
    named = from_environment(os.environ, SIMULATOR, Path)
    person.add_argument("--control", type=path(Path), default=named, required=named is None, help=text)
    _add_insert(commands.add_parser("insert", parents=[person], help="put a book into the slot"))
    _add_cut(
        commands.add_parser("cut", parents=[person], help="cut power or pull the cable, now or at a scripted moment")
    )
    _add_fault(commands.add_parser("fault", parents=[person], help="break something, now or at a line"))
    wait = commands.add_parser("wait", parents=[person], help="wait for an event")
    wait.add_argument("event", help="document-wanted, inserted, drawn-in, struck, ejected, taken, cut, restored ...")
    wait.add_argument("--timeout", type=seconds(LONGEST_CONTROL_WAIT), default=10.0, metavar="SECONDS")
    wait.set_defaults(command=lambda options: _person(options).wait(options.event, options.timeout))
    for name, text in {
        "take": "take the book out",
        "restore": "give power back",
        "plug": "put the cable back in",
        "mend": "mend everything",
    }.items():
        simple = commands.add_parser(name, parents=[person], help=text)
        simple.set_defaults(command=lambda options, name=name: getattr(_person(options), name)())
    turn = commands.add_parser("turn", parents=[person], help="take the book out and put it in turned, at once")
    turn.add_argument("--page", type=whole(1, 9999), required=True)
    turn.set_defaults(command=lambda options: _person(options).turn(options.page))
    state = commands.add_parser("state", parents=[person], help="the state, as JSON")
    state.set_defaults(command=lambda options: print(msgspec.json.encode(_person(options).state()).decode()))
    return parser


def _add_run(run: argparse.ArgumentParser) -> None:
    run.add_argument("--listen", required=True, help="tcp://host:port (port 0: any) or pty:///link")
    run.add_argument("--paper", type=path(Path), required=True, help="the paper file; goes on with an existing one")
    run.add_argument("--control", type=path(Path), required=True, help="Unix socket to make")
    run.add_argument("--dialect", choices=list(PROFILES), default="pr2", help="the language of the printer")
    run.add_argument("--pace", choices=["real", "fast"], default="real")
    run.add_argument("--baud", type=whole(1, 10_000_000), default=9600)
    run.add_argument("--line-seconds", type=seconds(60), default=0.25)
    run.add_argument("--unit", type=int, choices=[240, 216], default=240, help="vertical steps to the inch")
    pages = sorted({page for profile in PROFILES.values() for page in profile().code_pages})
    text = f"the code page of its own set-up (default: {USUAL_CODE_PAGE})"
    run.add_argument("--code-page", choices=pages, default=USUAL_CODE_PAGE, help=text)
    run.set_defaults(command=_run)


def _add_insert(insert: argparse.ArgumentParser) -> None:
    insert.add_argument("--book", required=True)
    insert.add_argument("--page", type=whole(1, 9999), required=True)
    insert.add_argument(
        "--ruler", type=path(Path), help="JSON: firstY, pitch, lines, foldAfter, foldGap in 1/2160 inch"
    )
    for name, text in (
        ("first-y", "from the top edge to the first line, in 1/2160 inch"),
        ("pitch", "from line to line, in 1/2160 inch"),
        ("lines", "the number of lines of a page"),
        ("fold-after", "the number of the last line above the fold"),
        ("fold-gap", "the distance that the fold adds to the pitch, in 1/2160 inch"),
    ):
        insert.add_argument(f"--{name}", type=_NUMBER, help=f"instead of --ruler: {text}")
    insert.set_defaults(command=_insert)


def _add_cut(cut: argparse.ArgumentParser) -> None:
    cut.add_argument("target", choices=[target.value for target in Target])
    cut.add_argument("--pid", type=whole(1, _LAST_PID), help="the appliance's main process")
    moment = cut.add_mutually_exclusive_group()
    moment.add_argument("--at-byte", type=_NUMBER, help="the n-th byte from now")
    moment.add_argument("--line", type=_NUMBER, help="the l-th line from now, with one of:")
    within = cut.add_mutually_exclusive_group()
    within.add_argument("--byte", type=_NUMBER, help="its k-th byte")
    within.add_argument("--characters", type=_NUMBER, help="when this many characters are on paper")
    cut.set_defaults(command=lambda options: _person(options).cut(Target(options.target), _when(options), options.pid))


def _add_fault(fault: argparse.ArgumentParser) -> None:
    fault.add_argument("kind", choices=[kind.value for kind in FaultKind])
    fault.add_argument("--line", type=_NUMBER, help="the l-th line from now; without it, now")
    fault.add_argument("--characters", type=_NUMBER, default=0, help="of a jam: the number of characters on paper")
    fault.add_argument(
        "--page", type=whole(1, 9999), default=1, help="of wrong-page: the page at which the book lies open"
    )
    fault.set_defaults(
        command=lambda options: _person(options).fault(
            FaultKind(options.kind), options.line, characters=options.characters, page=options.page
        )
    )


def _person(options: argparse.Namespace) -> SimulatorControl:
    return SimulatorControl(options.control)


def _when(options: argparse.Namespace) -> When:
    if options.at_byte is not None:
        return AtByte(options.at_byte)
    if options.line is None:
        return Now()
    if options.byte is not None:
        return AtLineByte(options.line, options.byte)
    if options.characters is not None:
        return DuringStrike(options.line, options.characters)
    return AfterStrike(options.line)


def _insert(options: argparse.Namespace) -> None:
    _person(options).insert(options.book, options.page, _ruler(options))


def _ruler(options: argparse.Namespace) -> Ruler:
    if options.ruler is not None:
        return msgspec.json.decode(options.ruler.read_bytes(), type=Ruler)
    given = {name: getattr(options, name) for name in Ruler.__struct_fields__}
    return msgspec.structs.replace(DEFAULT_RULER, **{name: value for name, value in given.items() if value is not None})


def _paper(options: argparse.Namespace) -> None:
    for picture in render_sheet(Paper.load(options.file), options.out):
        print(picture)


def _run(options: argparse.Namespace) -> None:
    paper = Paper.load(options.paper) if options.paper.exists() else Paper(options.paper)
    paper.save()
    pace = FAST if options.pace == "fast" else real_pace(options.baud, options.line_seconds)
    ended = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: ended.set())
    cable = open_cable(options.listen)
    profile = PROFILES[options.dialect]()
    with Simulator(
        profile,
        cable,
        paper,
        unit=options.unit,
        pace=pace,
        control=options.control,
        code_page=options.code_page,
    ) as simulator:
        print(f"listening {simulator.address}", flush=True)
        ended.wait()


if __name__ == "__main__":
    sys.exit(main())
