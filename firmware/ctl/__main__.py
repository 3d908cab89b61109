"""`passbookctl`: the operators' command.  It prints one result, or one sentence on standard error.

The exit code says who must act (passbook.errors.kinds.EXIT_CODES); 0 is success.
"""

from __future__ import annotations

import argparse
import json
import os
import shlex
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, Final, NamedTuple, NoReturn

import msgspec

from client.control import PATIENCE, ask
from client.login import login_name
from firmware.config.configuration import CONTROL_SOCKET as USUAL_SOCKET
from firmware.config.configuration import Config, load_configuration
from firmware.ctl import layout_commands, printer_setups, printers, tables, verifying
from firmware.ctl.verifying import LONG_PATIENCE
from firmware.identity import pki
from passbook.errors import CATALOGUE, PassbookError
from passbook.errors.kinds import EXIT_CODES
from passbook.job.states import JobState
from passbook.job.stock_moves import HIGHEST_NUMBER, MOST_SHEETS
from passbook.protocol.environment import LONGEST_WAIT, USUAL_WAIT, GetEnvironment
from passbook.protocol.finding import Finding
from passbook.protocol.history_reply import MOST_LISTED, OUTCOMES, Grouping
from passbook.protocol.messages import JobOrder, JobRef, JobView, Nothing, Payload
from passbook.protocol.operators import AcceptNewStore, AcceptRollback, AskRoute, ListHistory, VouchForClock
from passbook.protocol.pages import Page
from passbook.protocol.printer_setup import PrinterRef
from passbook.protocol.progress import held_lines, released_lines
from passbook.protocol.stock_orders import MOST_TOLD, ListStock, ReplenishStock, SpoilStock
from passbook.screen.arguments import folder_or_named, host, length, one_of, path, seconds, short_text, whole
from passbook.screen.columns import filled
from passbook.screen.command_line import (
    CONTROL_VARIABLE,
    command_parser,
    conduct,
    exit_code,
    from_environment,
    screen_width,
)
from passbook.screen.moments import TYPED, each_stamp, exact, exact_hour, period
from passbook.screen.nothing import NO_ROWS_SAID
from passbook.screen.way_back import with_places
from spooler.clock import Clock, SystemClock
from storage import ApplianceKey, files

JOB_ARGUMENT: Final = "its id, as `passbookctl jobs` shows it, or the beginning of it: at least 4 characters"
CERTIFICATE_MODE: Final = 0o644
CERTIFICATE_ROOM: Final = 16384
"""Bytes that --out must have room for before a certificate is signed or revoked: more than one needs."""


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command and return its exit code."""
    return conduct("passbookctl", lambda: _run(argv))


def _run(argv: Sequence[str] | None) -> int:
    arguments = _parser().parse_args(argv)
    run: Callable[[argparse.Namespace, Clock], Any] = arguments.run
    judge: Callable[[Any], int] = arguments.judge
    try:
        result = run(arguments, SystemClock())
    except PassbookError as error:
        return _fail(error, arguments)
    if arguments.json:
        print(json.dumps(result))
    else:
        print(_text(result, arguments))
    return judge(result)


def _text(result: Any, arguments: argparse.Namespace) -> str:
    """Return the result for people: the sentences of its command, else a table."""
    says: Callable[[Any], Sequence[str]] | None = arguments.says
    width = screen_width(sys.stdout)
    if says is None:
        return tables.render_result(arguments.shown(result), arguments.columns, arguments.nothing, width)
    lines = with_places([tables.printable(line) for line in says(result)], _places(arguments))
    return "\n".join(filled(lines, width))


def _places(arguments: argparse.Namespace) -> list[str]:
    """The words with which a person named the appliance's socket."""
    named = [(option, getattr(arguments, option)) for option in ("control", "config")]
    return [word for option, value in named if value is not None for word in (f"--{option}", str(value))]


def _fail(error: PassbookError, arguments: argparse.Namespace) -> int:
    said = f"passbookctl: {tables.printable(each_stamp(str(error), exact))} [{error.code}]"
    print(*filled([said], screen_width(sys.stderr)), sep="\n", file=sys.stderr)
    if arguments.json:
        print(json.dumps({"error": msgspec.to_builtins(Finding.of(error))}))
    return exit_code(error, arguments)


def _worst(findings: Any) -> int:
    """The exit code of the worst finding; 0 when there is none."""
    if isinstance(findings, list):
        return max(map(_worst, findings), default=0)
    if isinstance(findings, dict) and findings.get("code") in CATALOGUE:
        return EXIT_CODES[CATALOGUE[findings["code"]].mender]
    return max(map(_worst, findings.values()), default=0) if isinstance(findings, dict) else 0


def _canceled(result: Any) -> int:
    """1 for a job that was completed before, or is asked about because a step of it is in doubt."""
    return int(result["job"]["state"] != JobState.CANCELED.value)


def _route_lines(result: Any) -> list[str]:
    verdict = "A mail to it is taken." if result["taken"] else "A mail to it is refused."
    return [verdict, *(f"{number}. {step}" for number, step in enumerate(result["steps"], 1))]


def _route_taken(result: Any) -> int:
    """1 for an address whose mail is refused."""
    return int(not result["taken"])


def _after_hold(result: Any) -> list[str]:
    return held_lines(msgspec.convert(result, JobView), "passbookctl release", by_operator=True)


def _after_release(result: Any) -> list[str]:
    return [*released_lines(msgspec.convert(result, JobView)), "Its requester or a representative answers."]


def _config(arguments: argparse.Namespace) -> Config | None:
    return load_configuration(arguments.config) if arguments.config is not None else None


def _socket(arguments: argparse.Namespace) -> Path:
    """Return the path of the appliance's socket: from an option, from the environment, or the usual one."""
    if arguments.control is not None:
        return Path(arguments.control)
    config = _config(arguments)
    return (
        config.control if config is not None else from_environment(os.environ, CONTROL_VARIABLE, Path) or USUAL_SOCKET
    )


class Asked(NamedTuple):
    """What a command asks of the appliance.

    Attributes:
        operation: its name on the wire.
        payload: what it takes; fields whose arguments were not given are left out.
        part: the field of the reply that is shown; empty for all of it.
        patience: seconds for the answer.
    """

    operation: str
    payload: type[Payload] = Nothing
    part: str = ""
    patience: float = PATIENCE

    def ask(self, arguments: argparse.Namespace, work: float = 0.0) -> Any:
        """Send it and return the reply, or the part that is shown.  Raises PassbookError."""
        given = {name: getattr(arguments, name, None) for name in self.payload.__struct_fields__}
        facts = {name: value for name, value in given.items() if value is not None}
        reply = ask(_socket(arguments), self.operation, self.payload(**facts), self.patience, work=work)
        return reply[self.part] if self.part else reply


def _ask(arguments: argparse.Namespace, _clock: Clock) -> Any:
    """Send the command with those of its arguments that were given."""
    asked: Asked = arguments.asked
    return asked.ask(arguments)


ONE_JOB: Final = Asked("Spooler.GetJob", JobRef)
CLOCK: Final = Asked("Appliance.GetClock")
VOUCH: Final = Asked("Appliance.VouchForClock", VouchForClock)
REVOCATIONS: Final = Asked("Appliance.ReadRevocations")


def _order(arguments: argparse.Namespace, clock: Clock) -> Any:
    """Give an order; it needs the whole id of its job, so the beginning of an id is looked up first."""
    arguments.job = ONE_JOB.ask(arguments)["job"]
    return _ask(arguments, clock)


def _environment(arguments: argparse.Namespace, _clock: Clock) -> Any:
    """Ask for figures, and tell the appliance how long it may wait for its printer."""
    asked: Asked = arguments.asked
    return asked.ask(arguments, work=arguments.timeout or USUAL_WAIT)


def _look_at_clock(arguments: argparse.Namespace, _clock: Clock) -> Any:
    """Vouch for the clock where that is ordered, and return what the appliance believes of time."""
    return (VOUCH if arguments.right else CLOCK).ask(arguments)


def _history(arguments: argparse.Namespace, clock: Clock) -> Any:
    """Ask for entries or a summary; a person types and reads times by the clock on the wall."""
    first, end = period(arguments.since or "", arguments.until or "")
    arguments.since, arguments.until = first or None, end or None
    if arguments.summary is not None:
        arguments.columns, arguments.nothing = tables.SUMMARY, NO_ROWS_SAID["summary"]
        arguments.asked = arguments.asked._replace(part="summary")
    found = _ask(arguments, clock)
    if arguments.summary == Grouping.HOUR and not arguments.json:
        return [group | {"group": exact_hour(group["group"])} for group in found]
    return found


def _ask_pages(arguments: argparse.Namespace, _clock: Clock) -> Any:
    """Return a long list, asked for page by page: each page begins behind the last sequence number."""
    asked: Asked = arguments.asked
    rows: list[Any] = []
    more = True
    while more:
        page = ask(_socket(arguments), asked.operation, Page(_sequence(rows[-1]) if rows else 0))
        rows += page[asked.part]
        more = bool(page[asked.part]) and page.get("more", False)
    return rows


def _sequence(row: Any) -> int:
    """The sequence number of a job, or of a question's job."""
    return int(row["sequence"] if "sequence" in row else row["job"]["sequence"])


def _verify(arguments: argparse.Namespace, _clock: Clock) -> Any:
    """Ask the appliance; or, where folders are named, look at them while no appliance has them open."""
    if arguments.areas:
        looked = list(verifying.of_folders(arguments.areas, *_offline(arguments)))
    else:
        looked = list(verifying.of_appliance(_socket(arguments)))
    arguments.nothing = verifying.sentence(looked)
    return verifying.findings(looked)


def _offline(arguments: argparse.Namespace) -> tuple[ApplianceKey, str]:
    """The appliance's key and name, as given or as the configuration says."""
    refuse: Callable[[str], NoReturn] = arguments.refuse
    config = _config(arguments)
    appliance: str = arguments.appliance or (config.appliance if config is not None else "")
    file: Path | None = arguments.appliance_key or (config.keys.appliance.file() if config is not None else None)
    if not appliance or file is None:
        refuse("--areas needs --appliance and --appliance-key, or --config FILE before the command")
    return ApplianceKey.from_file(files.read(file)), appliance


def _pki_init(arguments: argparse.Namespace, clock: Clock) -> Any:
    config = _config(arguments)
    for area in config.areas if config is not None else ():
        if Path(os.path.realpath(arguments.ca)).is_relative_to(os.path.realpath(area.path)):
            why = f"the authority must not lie in the folder of area {area.name}"
            raise PassbookError("file-problem", file=str(arguments.ca), why=why)
    pki.init(arguments.ca, arguments.config_dir, arguments.name, arguments.host, clock.now())
    return {"authority": str(arguments.ca), "configuration": str(arguments.config_dir), "name": arguments.name}


def _enroll(arguments: argparse.Namespace, clock: Clock) -> Any:
    request = files.read(arguments.request)
    files.check_can_save(arguments.out, CERTIFICATE_ROOM)
    certificate = pki.sign_request(
        arguments.ca, request, arguments.name, representative=arguments.representative, now=clock.now()
    )
    files.save_file(arguments.out, certificate, CERTIFICATE_MODE)
    return {"terminal": arguments.name, "representative": arguments.representative, "certificate": str(arguments.out)}


def _revoke(arguments: argparse.Namespace, clock: Clock) -> Any:
    """Write the list, then have the appliance read it; an appliance that was not told is an error."""
    control = _socket(arguments)
    files.check_can_save(arguments.out, CERTIFICATE_ROOM)
    revocations = pki.revoke(arguments.ca, arguments.name, clock.now())
    files.save_file(arguments.out, revocations, CERTIFICATE_MODE)
    try:
        told = ask(control, REVOCATIONS.operation, Nothing())
        why = "" if told["revoked"] >= pki.revoked_in(revocations) else "it reads another list, which lacks entries"
    except PassbookError as error:
        why = str(error.facts.get("why", error))
    if why:
        raise PassbookError("revocation-not-told", name=arguments.name, file=str(arguments.out), why=why)
    # The list has serial numbers of certificates, and a password has none.
    left = f"if the file of [mail] passwords has a line {arguments.name}:, remove it, and restart the appliance"
    return {"revoked": arguments.name, "list": str(arguments.out), "appliance": "told", "passwords": left}


def _parser() -> argparse.ArgumentParser:
    parser = command_parser(
        "passbookctl",
        "Commands for the operators of the appliance. Times are those of this machine's clock; --json has them in UTC.",
    )
    parser.set_defaults(
        columns=None, nothing=tables.NO_ROWS, says=None, judge=lambda _result: 0, shown=lambda result: result
    )
    place = parser.add_mutually_exclusive_group()
    text = f"the appliance's socket (default: ${CONTROL_VARIABLE}, else {USUAL_SOCKET})"
    place.add_argument("--control", type=path(Path), metavar="SOCKET", help=text)
    place.add_argument("--config", type=path(Path), metavar="FILE", help="the configuration that names the socket")
    _json(parser, default=False)
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")
    _add_questions(commands)
    _add_orders(commands)
    _add_routes(commands)
    _add_printers(commands)
    _add_stock(commands)
    _add_layouts(commands)
    _add_certificates(commands)
    return parser


def _json(parser: argparse.ArgumentParser, *, default: bool | str = argparse.SUPPRESS) -> None:
    """`--json` may stand before the command and after it; the one after it must not undo the one before."""
    parser.add_argument("--json", action="store_true", default=default, help="print the result as one line of JSON")


_Commands = Any  # argparse has no public name for what add_subparsers() gives


def _command(
    commands: _Commands, name: str, text: str, asked: Asked | None = None, **defaults: Any
) -> argparse.ArgumentParser:
    parser: argparse.ArgumentParser = commands.add_parser(name, help=text, description=text)
    parser.set_defaults(**{"run": _ask, "asked": asked, **defaults})
    _json(parser)
    return parser


def _add_questions(commands: _Commands) -> None:
    _command(commands, "status", "the appliance, its printers, areas and terminals", Asked("Common.Status"))
    pages: dict[str, Any] = {"run": _ask_pages}
    asked = Asked("Spooler.ListJobs", Page, "jobs")
    text = "every job that has not ended"
    _command(commands, "jobs", text, asked, nothing=NO_ROWS_SAID["jobs"], columns=tables.JOBS, **pages)
    job = _command(commands, "job", "one job, also one that has ended", ONE_JOB, shown=tables.in_lines)
    job.add_argument("job", type=short_text, metavar="JOB", help=JOB_ARGUMENT)
    text = "open questions about jobs, also about jobs on hold, of which no person is asked"
    asked = Asked("Recovery.ListQuestions", Page, "questions")
    _command(commands, "questions", text, asked, nothing=NO_ROWS_SAID["questions"], columns=tables.QUESTIONS, **pages)
    text = (
        "every terminal that is connected, was heard since the boot, has jobs, or is configured as representative: "
        "when it was last heard, and how many open jobs and questions it has"
    )
    asked = Asked("Spooler.ListTerminals", part="terminals")
    _command(commands, "terminals", text, asked, nothing=NO_ROWS_SAID["terminals"], columns=tables.TERMINALS)
    text = "ends of jobs that no person has acknowledged"
    asked = Asked("Spooler.ListNotices", Page, "notices")
    _command(commands, "notices", text, asked, nothing=NO_ROWS_SAID["notices"], columns=tables.NOTICES, **pages)
    asked = Asked("Appliance.ListAreas", part="areas")
    _command(commands, "areas", "the storage areas: state and capacity", asked, nothing=NO_ROWS_SAID["areas"])
    environment = _command(
        commands,
        "environment",
        "what a printer has printed and is still to print, exact: taken between two jobs",
        Asked("Spooler.GetEnvironment", GetEnvironment),
        run=_environment,
    )
    text = "may be left out where there is only one"
    environment.add_argument("--printer", type=short_text, metavar="NAME", help=text)
    environment.add_argument(
        "--timeout",
        type=seconds(LONGEST_WAIT),
        metavar="SECONDS",
        help=f"how long to wait, at most {LONGEST_WAIT:g} ({USUAL_WAIT:g})",
    )
    _add_history(commands)
    _add_verify(commands)


def _add_verify(commands: _Commands) -> None:
    verify = _command(
        commands,
        "verify",
        "check every record and the history's chain",
        run=_verify,
        judge=_worst,
        columns=tables.FINDINGS,
    )
    verify.set_defaults(refuse=verify.error)
    text = "check these, without the appliance"
    verify.add_argument("--areas", type=folder_or_named, nargs="+", metavar="[NAME=]FOLDER", help=text)
    verify.add_argument(
        "--appliance-key", type=path(Path), metavar="FILE", help="with --areas (default: as --config says)"
    )
    verify.add_argument("--appliance", type=short_text, metavar="NAME", help="with --areas (default: as --config says)")


def _add_history(commands: _Commands) -> None:
    history = _command(
        commands,
        "history",
        "what happened to jobs, oldest first",
        Asked("Appliance.ListHistory", ListHistory, "entries", LONG_PATIENCE),
        run=_history,
        nothing=NO_ROWS_SAID["history"],
        columns=tables.HISTORY,
    )
    history.add_argument("--job", type=short_text, help="of this job only, or of those whose ids begin so")
    history.add_argument("--requester", type=short_text, metavar="TERMINAL", help="of the jobs that this terminal sent")
    history.add_argument("--person", type=short_text, metavar="NAME", help="that this person decided or confirmed")
    history.add_argument("--outcome", type=short_text, metavar="WORD", help=f"ends only: {', '.join(OUTCOMES)}")
    history.add_argument("--since", type=short_text, metavar="TIME", help=f"from this day or moment on: {TYPED}")
    history.add_argument("--until", type=short_text, metavar="TIME", help="up to this day or moment, likewise")
    history.add_argument("--last", type=whole(1, MOST_LISTED), metavar="N", help="so many entries (50)")
    groups = [one.value for one in Grouping]
    text = f"count ends by this instead: {', '.join(groups)}"
    history.add_argument("--summary", type=one_of(groups), metavar="WORD", help=text)


def _add_orders(commands: _Commands) -> None:
    held = "keep a job from printing: no answer counts until an operator or a representative releases it"
    orders: tuple[tuple[str, str, Asked, dict[str, Any]], ...] = (
        (
            "cancel",
            "end a job and say what of it is on paper; one that prints stops at its next line",
            Asked("Appliance.CancelJob", JobOrder),
            {"judge": _canceled, "shown": lambda result: result | {"job": tables.in_lines(result["job"])}},
        ),
        ("hold", held, Asked("Spooler.HoldJob", JobOrder), {"says": _after_hold}),
        (
            "release",
            "have people asked again about a held job",
            Asked("Spooler.ReleaseJob", JobOrder),
            {"says": _after_release},
        ),
    )
    for name, text, asked, more in orders:
        order = _command(commands, name, text, asked, run=_order, **more)
        order.add_argument("job", type=short_text, metavar="JOB", help=JOB_ARGUMENT)
        who = "who decides (default: the name you logged in with)"
        order.add_argument("--person", type=short_text, metavar="NAME", default=login_name(), help=who)
    clock = _command(commands, "clock", "what the appliance believes of time, and why", run=_look_at_clock)
    clock.add_argument("--right", action="store_true", help="say that the clock is right, until it jumps")
    text = "go on with an area although it was rolled back to an earlier state"
    asked = Asked("Appliance.AcceptRollback", AcceptRollback, patience=LONG_PATIENCE)
    accept = _command(commands, "accept-rollback", text, asked)
    accept.add_argument("area", type=short_text, metavar="AREA", help="its name")
    text = (
        "make new areas for a locked appliance: all that its store held is lost, and requests sent again are new jobs"
    )
    asked = Asked("Appliance.AcceptNewStore", AcceptNewStore, patience=LONG_PATIENCE)
    new_store = _command(commands, "accept-new-store", text, asked)
    for parser in (clock, accept, new_store):
        who = "who says so (default: the name you logged in with)"
        parser.add_argument("--person", type=short_text, metavar="NAME", default=login_name(), help=who)
    _command(commands, "revocations", "read the revocation list again and hang up on revoked terminals", REVOCATIONS)


def _add_stock(commands: _Commands) -> None:
    text = "forms in the cassettes of the printers"
    groups = commands.add_parser("stock", help=text, description=text).add_subparsers(required=True, metavar="COMMAND")
    shown: dict[str, Any] = {"columns": tables.STOCK, "nothing": NO_ROWS_SAID["stock"]}
    listed = _command(groups, "list", "sheets left", Asked("Appliance.ListStock", ListStock, "stock"), **shown)
    listed.add_argument("--printer", type=short_text, metavar="NAME", help="of this printer only")
    asked = Asked("Appliance.ListStock", ListStock, "moves")
    moves: dict[str, Any] = {"columns": tables.MOVES, "nothing": NO_ROWS_SAID["moves"]}
    log = _command(groups, "log", "what was put in, drawn, voided and spoiled, oldest first", asked, **moves)
    log.add_argument("--last", type=whole(1, MOST_TOLD), default=50, metavar="N", help="so many moves (50)")
    asked = Asked("Appliance.ReplenishStock", ReplenishStock, "stock")
    replenish = _command(groups, "replenish", "say that sheets were put into a cassette", asked, **shown)
    asked = Asked("Appliance.SpoilStock", SpoilStock, "stock")
    spoil = _command(groups, "spoil", "say that sheets of a cassette are no good, or missing", asked, **shown)
    for order in (replenish, spoil):
        order.add_argument("printer", type=short_text, metavar="PRINTER", help="its name")
        order.add_argument("form", type=short_text, metavar="FORM", help="the kind of form")
        order.add_argument("--cassette", type=short_text, default="1", metavar="NAME", help="the cassette (1)")
        order.add_argument("--count", type=whole(1, MOST_SHEETS), required=True, metavar="N", help="so many sheets")
        text = "the number of the first sheet, where they have numbers"
        order.add_argument("--first", type=whole(1, HIGHEST_NUMBER), metavar="NUMBER", help=text)
        who = "who says so (default: the name you logged in with)"
        order.add_argument("--person", type=short_text, metavar="NAME", default=login_name(), help=who)
    spoil.add_argument("--reason", type=short_text, required=True, metavar="TEXT", help="why; it is kept")


def _add_routes(commands: _Commands) -> None:
    text = "where mail goes, by the routes of the set-up file"
    routes = commands.add_parser("route", help=text, description=text)
    test = _command(
        routes.add_subparsers(required=True, metavar="COMMAND"),
        "test",
        "say what would happen to a mail, step by step, and why; nothing is sent",
        Asked("Appliance.TestRoute", AskRoute),
        says=_route_lines,
        judge=_route_taken,
    )
    test.add_argument("address", type=short_text, metavar="ADDRESS", help="the recipient, as the envelope names it")
    test.add_argument("--from", dest="sender", type=short_text, metavar="ADDRESS", help="the sender of the envelope")
    test.add_argument(
        "--at", dest="network", type=short_text, metavar="IP", help="where a sender without proof of identity would be"
    )


def _add_printers(commands: _Commands) -> None:
    text = "one printer: orders, how it is set up, and where its ink stands"
    group = commands.add_parser("printer", help=text, description=text).add_subparsers(required=True, metavar="COMMAND")
    printers.add_orders(
        lambda name, text, operation, payload, **defaults: _command(
            group, name, text, Asked(operation, payload), **defaults
        )
    )
    show = _command(
        group,
        "show",
        "its set-up, what it told of its own set-up, and what is only assumed of it",
        Asked("Appliance.GetPrinter", PrinterRef),
        says=printer_setups.details_lines,
    )
    ruler = _command(
        group,
        "ruler",
        "print a ruler on a sheet, ask where it stands, and say which offsets put it right",
        run=_ruler,
        says=printer_setups.offset_lines,
    )
    for one in (show, ruler):
        one.add_argument("printer", type=short_text, metavar="NAME", help="its name, as jobs use it")
    text = f"instead of printing: {printer_setups.FIRST_LINE}, as 25.4 mm"
    ruler.add_argument("--first-line", type=length, metavar="LENGTH", help=text)
    text = f"likewise, {printer_setups.BAR}"
    ruler.add_argument("--bar", type=length, metavar="LENGTH", help=text)
    who = "who has it printed (default: the name you logged in with)"
    ruler.add_argument("--person", type=short_text, metavar="NAME", default=login_name(), help=who)
    ruler.set_defaults(refuse=ruler.error)


def _ruler(arguments: argparse.Namespace, _clock: Clock) -> Any:
    """Print a ruler and ask where it stands, unless that is given; return the offsets."""
    control, printer = _socket(arguments), arguments.printer
    first_line, bar = arguments.first_line, arguments.bar
    if (first_line is None) is not (bar is None):
        refuse: Callable[[str], NoReturn] = arguments.refuse
        refuse("--first-line and --bar belong together")
    if first_line is None:
        typed = shlex.join(["passbookctl", *_places(arguments)])
        printer_setups.print_ruler(control, printer, arguments.person, typed, _say)
        first_line, bar = printer_setups.ask_lengths(printer, typed, _say)
    return printer_setups.offsets(control, printer, first_line, bar)


def _say(line: str) -> None:
    """Say something to the person who waits; the result alone goes to the output."""
    print(tables.printable(line), file=sys.stderr, flush=True)


def _add_layouts(commands: _Commands) -> None:
    text = "layouts of books, sheets and forms; no appliance is asked"
    group = commands.add_parser("layout", help=text, description=text).add_subparsers(required=True, metavar="COMMAND")
    layout_commands.add_layout_commands(lambda name, text, **defaults: _command(group, name, text, **defaults))


def _add_certificates(commands: _Commands) -> None:
    text = "the branch's certificate authority"
    authority = commands.add_parser("pki", help=text, description=text)
    init = _command(
        authority.add_subparsers(required=True, metavar="COMMAND"),
        "init",
        "make the authority, and the appliance's certificate and keys",
        run=_pki_init,
    )
    init.add_argument(
        "--config-dir", type=path(Path), required=True, metavar="DIR", help="gets what the appliance reads"
    )
    init.add_argument("--host", type=host, nargs="+", default=[], help="host names and addresses of the appliance")
    enroll = _command(commands, "enroll", "sign a terminal's request; its key stays with it", run=_enroll)
    enroll.add_argument("request", type=path(Path), metavar="REQUEST.pem", help="what `teller enroll --name` wrote")
    enroll.add_argument("--representative", action="store_true", help="it may answer for other terminals")
    enroll.add_argument("--out", type=path(Path), required=True, metavar="FILE", help="gets the certificate")
    revoke = _command(commands, "revoke", "revoke a terminal's certificates, and tell the appliance", run=_revoke)
    revoke.add_argument("name", metavar="NAME", help="the name in its certificate")
    revoke.add_argument("--out", type=path(Path), required=True, metavar="CRL", help="gets the revocation list")
    for parser in (init, enroll):
        parser.add_argument("--name", required=True, help="the name in the certificate")
    for parser in (init, enroll, revoke):
        parser.add_argument("--ca", type=path(Path), required=True, metavar="DIR", help="the authority's folder")


if __name__ == "__main__":
    sys.exit(main())
