"""The configuration file: TOML, read once into frozen values; every error names file, key and the expected value."""

from __future__ import annotations

import datetime
import os
from pathlib import Path
from typing import Annotated, Final, Literal, TypeAlias

import msgspec
from msgspec import Meta

from drivers.ports.place import place_of
from drivers.ports.port_address import RemoteLine, TcpAddress, parse_port_url
from firmware.config.mail_settings import HopConfig, MailConfig, RouteConfig, judge_mail
from firmware.config.toml import MEBIBYTE, KeySource, Misfit, Offset, Size, expected, parse, read_table, shown_value
from passbook.document.layout_parts import FIELD_NAME
from passbook.document.lengths import shown_length
from passbook.errors import PassbookError
from passbook.job.stock_moves import MOST_SHEETS
from passbook.protocol.host_port import split_host_port
from passbook.protocol.naming import NAME_LIMIT
from storage import Division, Limits

SOCKET_PATH_LIMIT: Final = 107
"""The most bytes of a Unix socket's path (sun_path is 108 with its final zero; unix(7))."""
CONTROL_SOCKET: Final = Path("/run/passbook/control.sock")
"""The operators' socket, unless the configuration gives another one."""
SMALLEST_AREA: Final = Division.least_quota(Limits().job_bytes)
"""The least bytes of an area; with less the largest job would have no room."""


Name = Annotated[
    str,
    Meta(
        pattern=r"\A[A-Za-z0-9][A-Za-z0-9_.-]{0,63}\Z", description="a name of 1 to 64 letters, digits, '.', '-', '_'"
    ),
]
Application = Annotated[
    str,
    Meta(
        pattern=rf"\A[^\x00-\x1f\x7f-\x9f]{{1,{NAME_LIMIT}}}\Z",
        description=f"the name of a program, 1 to {NAME_LIMIT} printable characters",
    ),
]
TerminalName = Annotated[
    str,
    Meta(
        pattern=r"\A[a-z0-9][a-z0-9._-]{0,62}\Z",
        description="a name of 1 to 63 lower-case letters, digits, '.', '-', '_', as in its certificate",
    ),
]
TerminalNames = Annotated[
    tuple[TerminalName, ...], Meta(description="a list of terminals' names: lower-case letters, digits, '.', '-', '_'")
]
GroupNames = Annotated[tuple[Name, ...], Meta(description="a list of Unix groups' names")]
Seconds = Annotated[float, Meta(gt=0, le=604800, description="a number of seconds above 0 and at most 604800")]
Days = Annotated[int, Meta(ge=1, le=36500, description="a whole number of days from 1 to 36500")]
Count = Annotated[int, Meta(ge=1, le=1_000_000, description="a whole number from 1 to 1000000")]
SheetCount = Annotated[int, Meta(ge=0, le=MOST_SHEETS, description=f"a whole number from 0 to {MOST_SHEETS}")]
FormKind = Annotated[
    str,
    Meta(pattern=rf"\A{FIELD_NAME}\Z", description="the kind of a form: 1 to 40 lower-case letters, digits, hyphens"),
]
Ceiling = Annotated[int, Meta(ge=1, le=100, description="a whole number from 1 to 100")]
Percent = Annotated[int, Meta(ge=1, le=100, description="a whole number from 1 to 100")]
TimeOfDay = Annotated[
    str, Meta(pattern=r"\A([01][0-9]|2[0-3]):[0-5][0-9]\Z", description='a time of day such as "03:00"')
]
Flag = Annotated[bool, Meta(description="true or false")]
PortUrl = Annotated[
    str,
    Meta(
        pattern=r"\A[a-z][a-z0-9+]*:[!-~]+\Z",
        max_length=255,
        description='a port such as "serial:///dev/ttyUSB0" or "tcp://127.0.0.1:9200"',
    ),
]
Listen = Annotated[
    str,
    Meta(
        pattern=r"\A([A-Za-z0-9.-]+|\[[0-9A-Fa-f:.]+\]):[0-9]{1,5}\Z",
        description='an address with its port such as "0.0.0.0:5846" or "[::]:5846"',
    ),
]
CodePageName = Annotated[
    str, Meta(pattern=r"\A[A-Za-z0-9][A-Za-z0-9_.-]{0,31}\Z", description='a code page such as "cp858"')
]
ProfileName = Annotated[
    str,
    Meta(
        pattern=r"\A([A-Za-z0-9][A-Za-z0-9_-]{0,63}|[^\x00-\x1f\x7f]{1,250}\.toml)\Z",
        description='the name of a profile in the folder "profiles" such as "nantian", or a path that ends with .toml',
    ),
]
StepCount = Annotated[
    int, Meta(ge=1, le=2160, description="a whole number of steps to the inch, as in the printer's own set-up")
]
Level: TypeAlias = Annotated[
    Literal["debug", "info", "warning", "error"], Meta(description='one of "debug", "info", "warning", "error"')
]


class AreaConfig(msgspec.Struct, frozen=True):
    """`[[area]]`: one logical area of the store (F8); `quota` is bytes of database and WAL together."""

    name: Name
    path: Path
    quota: Size


class FormConfig(msgspec.Struct, frozen=True):
    """`[[printer.form]]`: one kind of form in one cassette of a printer (F6).

    Attributes:
        kind: what layouts call it.
        numbered: each sheet has a number, and the numbers of a cassette are drawn from the lowest on.
        low: sheets at which the stock is a problem in the status.
        empty: sheets that stay in the cassette: at so many no job begins.
    """

    kind: FormKind
    cassette: Name = "1"
    numbered: Flag = False
    low: SheetCount = 10
    empty: SheetCount = 0


class PrinterConfig(msgspec.Struct, frozen=True):
    """`[[printer]]`: one mechanism; time-outs are seconds.

    Attributes:
        profile: a profile of the folder `profiles` by its name, or a path that ends with .toml; empty for the one that
            comes with the dialect.
        elementary_step: steps to the inch in its own set-up; None as its profile says.
        x_offset: all its ink goes so far to the right, in 1/2160 inch.
        y_offset: all its ink goes so far down, likewise.
        on_network: a terminal may drive it at its turn (P15).
        insert_timeout: time of a person to put the book in.
        take_timeout: time of a person to take it out.
        font: a TrueType or OpenType font with which text is drawn that its code page lacks; None draws none.
        forms: the forms that are kept in stock for it.
    """

    name: Name
    port: PortUrl
    dialect: Name = "pr2"
    code_page: CodePageName = "cp858"
    profile: ProfileName = ""
    elementary_step: StepCount | None = None
    x_offset: Offset = Offset(0)
    y_offset: Offset = Offset(0)
    on_network: Flag = False
    insert_timeout: Seconds = 120.0
    take_timeout: Seconds = 120.0
    font: Path | None = None
    forms: tuple[FormConfig, ...] = msgspec.field(name="form", default=())


class TerminalsConfig(msgspec.Struct, frozen=True):
    """`[terminals]`: the address for terminals, and the PEM files with the identities of both sides.

    Attributes:
        auditors: names of terminals that read the history and verify it, and decide nothing.
        walls: names of terminals that are screens for everybody in the room.
    """

    certificate: Path
    key: Path
    ca: Path
    revoked: Path
    listen: Listen = "0.0.0.0:5846"  # an appliance serves the branch network; mutual TLS admits
    auditors: TerminalNames = ()
    walls: TerminalNames = ()

    @property
    def address(self) -> tuple[str, int]:
        """Host (an IPv6 address without its brackets) and port."""
        return split_host_port(self.listen)


class KeysConfig(msgspec.Struct, frozen=True):
    """`[keys]`: the appliance key, the branch recovery key's public half, and whether jobs may come without a key."""

    appliance: KeySource
    recovery_public: Path | None = None
    own_key_jobs: Flag = False


class RecoveryConfig(msgspec.Struct, frozen=True):
    """`[recovery]`: the people who are asked after a stop, and the times.

    Attributes:
        grace: seconds that a requester has to connect again.
        answer_timeout: seconds that a connected requester has to answer; then the representatives are asked too.
        representatives: names of terminals that answer when the requester does not (F3).
        day_ends: the time at which a business day ends, in the machine's local time.
        expiry_grace: seconds that a question, once put to people, outlives its business day (F4).
        second_operator: whether two people at two terminals must order it to print lines on paper again.
    """

    grace: Seconds = 30.0
    answer_timeout: Seconds = 120.0
    representatives: TerminalNames = ()
    day_ends: TimeOfDay = "00:00"
    expiry_grace: Seconds = 3600.0
    second_operator: Flag = True

    @property
    def day_ends_after(self) -> datetime.timedelta:
        """From midnight on."""
        hours, minutes = self.day_ends.split(":")
        return datetime.timedelta(hours=int(hours), minutes=int(minutes))


class HistoryConfig(msgspec.Struct, frozen=True):
    """`[history]`: the days for which ended jobs and entries are remembered.

    Attributes:
        retention_days: entries of the history, and ends without an acknowledgement.
        dedupe_days: requests, so that the same one sent again is the same job (P10).
        content_days: the text of a job that never expires whole, while its question has no answer (F4).
    """

    retention_days: Days = 400
    dedupe_days: Days = 90
    content_days: Days = 90


class NoticesConfig(msgspec.Struct, frozen=True):
    """`[notices]`: the times of notices of the ends of jobs.

    Attributes:
        acknowledge_timeout: seconds of a connected requester to acknowledge; then the representatives are told too.
    """

    acknowledge_timeout: Seconds = 300.0


class TurnsConfig(msgspec.Struct, frozen=True):
    """`[turns]`: the times of a terminal that has something to give at the turn of its job, in seconds.

    Attributes:
        turn_wait: for its part at the turn; then the turn is closed.
        report_wait: between its reports while it prints; then a person is asked, and its printer waits.
    """

    turn_wait: Seconds = 10.0
    report_wait: Seconds = 300.0


class KeepRuleConfig(msgspec.Struct, frozen=True):
    """`[[spool.rule]]`: documents that the appliance does not keep; a key that is left out is true of any document.

    Attributes:
        form: the layout of the document.
        application: the program that made the document.
    """

    printer: Name | None = None
    form: Name | None = None
    application: Application | None = None


class SpoolConfig(msgspec.Struct, frozen=True):
    """`[spool]`: when the appliance takes no document into its spool (C5).

    Attributes:
        stop_at: percent of the areas' bytes at which it takes no new document.
        start_at: percent below which it takes them again.
        rules: documents that it does not keep.
    """

    stop_at: Percent = 95
    start_at: Percent = 85
    rules: tuple[KeepRuleConfig, ...] = msgspec.field(name="rule", default=())


class LimitsConfig(msgspec.Struct, frozen=True):
    """`[limits]`: the limits of terminals; jobs, bytes and commands are per terminal."""

    jobs_per_terminal: Count = 200
    bytes_per_terminal: Size = Size(16 * MEBIBYTE)
    connections: Count = 200
    commands_per_second: Count = 50
    priority_ceiling: Ceiling = 100


class OperatorsConfig(msgspec.Struct, frozen=True):
    """`[operators]`: who may use the operators' socket beside root and the appliance's own user.

    Attributes:
        auditors: Unix groups whose members read history and status and verify, and decide nothing.
    """

    auditors: GroupNames = ()


class LogConfig(msgspec.Struct, frozen=True):
    """`[log]`: the least severe level in the log."""

    level: Level = "info"


class Config(msgspec.Struct, frozen=True):
    """The whole file; paths are absolute, sizes bytes, times seconds.

    Attributes:
        file: the path of the file; errors found later name it.
        control: the Unix socket of the operators.
        layouts: a folder of book layouts.
        profiles: a folder of printers' profiles.
        imports: a folder of import profiles.
        state: a folder outside of every area, for knowledge that must survive the areas.
        renderer: the Unix socket of the program that draws the pages of PDFs; None to start one for each document.
    """

    file: Path
    appliance: TerminalName
    areas: tuple[AreaConfig, ...] = msgspec.field(name="area")
    printers: tuple[PrinterConfig, ...] = msgspec.field(name="printer")
    terminals: TerminalsConfig
    keys: KeysConfig
    layouts: Path | None = None
    profiles: Path | None = None
    imports: Path | None = None
    control: Path = CONTROL_SOCKET
    state: Path = Path("/var/lib/passbook/state")
    renderer: Path | None = None
    operators: OperatorsConfig = OperatorsConfig()
    recovery: RecoveryConfig = RecoveryConfig()
    notices: NoticesConfig = NoticesConfig()
    spool: SpoolConfig = SpoolConfig()
    turns: TurnsConfig = TurnsConfig()
    mail: MailConfig | None = None
    hops: tuple[HopConfig, ...] = msgspec.field(name="hop", default=())
    routes: tuple[RouteConfig, ...] = msgspec.field(name="route", default=())
    limits: LimitsConfig = LimitsConfig()
    history: HistoryConfig = HistoryConfig()
    log: LogConfig = LogConfig()

    def problem(self, key: str, why: str) -> PassbookError:
        """The error about `key` for a fault that is found after the file was read."""
        return PassbookError("configuration", file=str(self.file), key=key, why=why)


def load_configuration(path: Path) -> Config:
    """Read and judge the file. Raises PassbookError `configuration` with file, key and the expected value."""
    file = Path(os.path.abspath(path))  # noqa: PTH100  # resolve() fails on a symlink loop with another error
    try:
        config = read_table(Config, "", parse(file), file.parent, {"file": file})
        _judge(config)
    except Misfit as wrong:
        raise PassbookError("configuration", file=str(path), key=wrong.key, why=wrong.why) from None
    return config


def configuration_summary(config: Config) -> str:
    """The settings in a few lines, for the person who checks the file."""
    lines = [f"appliance  {config.appliance}, terminals at {config.terminals.listen}"]
    lines += [f"area       {area.name}, {area.quota // MEBIBYTE} MiB in {area.path}" for area in config.areas]
    lines += [f"printer    {one.name}, {_setup_words(one)} at {one.port}, {one.code_page}" for one in config.printers]
    people = ", ".join(config.recovery.representatives) or "only those that announce themselves"
    lines.append(f"representatives  {people}")
    if config.keys.appliance.path is not None:
        lines.append(f"appliance key    a plain file, as safe as {config.keys.appliance.path}")
    else:
        lines.append(f"appliance key    credential {config.keys.appliance.credential}")
    if config.mail is not None:
        lines.append(f"mail       {config.mail.hostname} at {config.mail.listen}")
        lines += [f"next hop   {one.name} at {one.address}, TLS {one.tls}" for one in config.hops]
        lines += [f"route      {', '.join(one.to)} to {one.route.goal}" for one in config.routes]
    lines.append(f"jobs without a requester's key  {'taken' if config.keys.own_key_jobs else 'refused'}")
    return "\n".join(lines)


def _setup_words(printer: PrinterConfig) -> str:
    """Dialect and set-up in a few words; what is not configured is not named."""
    words = [printer.dialect, *([f"profile {printer.profile}"] if printer.profile else [])]
    words += [f"step 1/{printer.elementary_step} in"] if printer.elementary_step else []
    words += [f"x {shown_length(printer.x_offset)}"] if printer.x_offset else []
    words += [f"y {shown_length(printer.y_offset)}"] if printer.y_offset else []
    return ", ".join(words)


def _judge(config: Config) -> None:
    """Judge the values together."""
    _judge_areas(config.areas)
    _judge_printers(config.printers)
    if config.spool.start_at > config.spool.stop_at:
        raise Misfit("spool.start_at", "expected at most the value of spool.stop_at")
    names = [printer.name for printer in config.printers]
    judge_mail(config.mail, config.hops, config.routes, names, takes_jobs_without_key=config.keys.own_key_jobs)
    if config.terminals.address[1] > 65535:  # noqa: PLR2004  # the largest TCP port
        raise Misfit("terminals.listen", "expected a port of at most 65535")
    if len(os.fsencode(config.control)) > SOCKET_PATH_LIMIT:
        raise Misfit("control", f"expected a path of at most {SOCKET_PATH_LIMIT} bytes")
    _judge_outside(config, "keys.appliance", config.keys.appliance.path, "a thief of the disk must not get the key")
    _judge_outside(config, "state", config.state, "it must outlive the area")


def _judge_printers(printers: tuple[PrinterConfig, ...]) -> None:
    if not printers:
        raise Misfit("printer", "expected at least one [[printer]]")
    _distinct("printer", "name", [one.name for one in printers])
    places: list[str] = []
    for number, one in enumerate(printers):
        where = f"printer[{number}]"
        try:
            parse_port_url(one.port)
        except ValueError as error:
            raise Misfit(
                f"{where}.port", f"expected {expected(PortUrl)}, got {shown_value(one.port)}: {error}"
            ) from None
        places.append(place_of(one.port, ""))
        _distinct("printer", "port", places)
        if one.on_network and not isinstance(parse_port_url(one.port), TcpAddress | RemoteLine):
            raise Misfit(f"{where}.on_network", "expected a port tcp:// or rfc2217://, which terminals reach too")
        _judge_forms(f"{where}.form", one.forms)


def _judge_forms(where: str, forms: tuple[FormConfig, ...]) -> None:
    numbered: dict[str, bool] = {}
    for number, form in enumerate(forms):
        places = [(one.kind, one.cassette) for one in forms[:number]]
        if (form.kind, form.cassette) in places:
            taken = places.index((form.kind, form.cassette))
            raise Misfit(f"{where}[{number}].cassette", f"{shown_value(form.cassette)} is taken by {where}[{taken}]")
        if numbered.setdefault(form.kind, form.numbered) is not form.numbered:
            raise Misfit(f"{where}[{number}].numbered", "expected the same for all cassettes of one kind")
        if form.empty > form.low:
            raise Misfit(f"{where}[{number}].empty", f"expected at most the value of {where}[{number}].low")


def _judge_areas(areas: tuple[AreaConfig, ...]) -> None:
    if len(areas) < 2:  # noqa: PLR2004  # F8: two or more
        raise Misfit("area", f"expected at least two [[area]], got {len(areas)}")
    _distinct("area", "name", [area.name for area in areas])
    real = [_real(area.path) for area in areas]
    for number, path in enumerate(real):
        for earlier, other in enumerate(real[:number]):
            if path.is_relative_to(other) or other.is_relative_to(path):
                raise Misfit(f"area[{number}].path", f"expected a folder apart from that of area[{earlier}]")
        if areas[number].quota < SMALLEST_AREA:
            least = -(-SMALLEST_AREA // MEBIBYTE)
            raise Misfit(f"area[{number}].quota", f'expected at least "{least} MiB"')


def _judge_outside(config: Config, key: str, path: Path | None, reason: str) -> None:
    for number, area in enumerate(config.areas):
        if path is not None and _real(path).is_relative_to(_real(area.path)):
            raise Misfit(key, f"expected a place outside of area[{number}].path: {reason}")


def _distinct(table: str, key: str, values: list[str]) -> None:
    for number, value in enumerate(values):
        if value in values[:number]:
            raise Misfit(f"{table}[{number}].{key}", f"{shown_value(value)} is taken by {table}[{values.index(value)}]")


def _real(path: Path) -> Path:
    return Path(os.path.realpath(path))
