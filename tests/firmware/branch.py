"""A branch for tests of the appliance's rooms: authority, terminals, a configuration, a store, a clock that stands."""

from __future__ import annotations

import asyncio
import datetime as dt
import secrets
import ssl
from collections.abc import Callable, Mapping
from contextlib import suppress
from pathlib import Path
from types import MappingProxyType
from typing import Any

from drivers.dialects.dialect import Dialect
from drivers.dialects.known import DIALECTS
from drivers.session import DocumentSession
from firmware.config.configuration import (
    Config,
    KeysConfig,
    LimitsConfig,
    PrinterConfig,
    RecoveryConfig,
    load_configuration,
)
from firmware.config.layouts import load_imports, load_layouts
from firmware.config.toml import KeySource
from firmware.identity import pki
from firmware.identity.server_tls import server_context
from firmware.people.questions import Questions
from firmware.service.acceptance import Acceptance
from passbook.document.layout import BookLayout
from passbook.errors import PassbookError
from passbook.job.actor import Actor
from passbook.job.states import Reason
from passbook.protocol.messages import SubmitJob, view_of
from spooler.clock import ClockTrust
from spooler.data_keys import DataKeys
from spooler.destination import Destination
from spooler.fullness import Fullness, Marks
from spooler.hub import Hub
from spooler.jobs import Jobs
from spooler.news import News
from spooler.printer import Printer
from spooler.shared_names import SharedNames
from storage.admission import Limits
from storage.area.area import AreaSettings
from storage.crypto.envelope import Rng
from storage.crypto.keys import ApplianceKey
from storage.spool import Spool

APPLIANCE = "branch-17"
PRINTER = "front"
KEY = bytes(range(32))
CONTENT = "Withdrawal Okafor 1250"
TELLER = Actor.of_terminal("teller-1", representative=False, serial=1)
OTHER = Actor.of_terminal("teller-2", representative=False, serial=2)
MANAGER = Actor.of_terminal("manager", representative=True, serial=3)
WAIT = 30.0
"""Seconds for what must happen."""


class StandingClock:
    """A clock that goes on only when it is told to."""

    def __init__(self) -> None:
        self.seconds = 1000.0
        self.wall_ahead = 0.0
        self.trust = True
        self.vouched = False

    def now(self) -> dt.datetime:
        return dt.datetime.fromtimestamp(1_800_000_000 + self.seconds + self.wall_ahead, dt.UTC)

    def monotonic(self) -> float:
        return self.seconds

    def trusted(self) -> bool:
        return self.trust

    def standing(self) -> ClockTrust:
        if not self.trust:
            return ClockTrust.NOT_SYNCHRONIZED
        return ClockTrust.VOUCHED if self.vouched else ClockTrust.SYNCHRONIZED

    def business_date(self) -> str:
        return self.now().date().isoformat()

    def business_day_left(self) -> float:
        return 86400 - self.now().timestamp() % 86400

    def for_certificates(self) -> dt.datetime:
        return self.now() if self.trust else dt.datetime(2026, 1, 1, tzinfo=dt.UTC)


class Ear:
    """One connection of a terminal, as the hub sees it."""

    def __init__(self, actor: Actor) -> None:
        self.actor = actor
        self.heard: list[tuple[str, Any]] = []
        self.closed: list[str] = []

    def post(self, name: str, payload: Any) -> None:
        self.heard.append((name, payload))

    def close(self, code: str) -> None:
        self.closed.append(code)

    def names(self) -> list[str]:
        return [name for name, _ in self.heard]


def call_in(loop: asyncio.AbstractEventLoop, deed: Callable[..., object], *told: object) -> None:
    """Do it in the loop, from any thread; a writer may tell its last news when the story and its loop have ended."""
    with suppress(RuntimeError):
        loop.call_soon_threadsafe(deed, *told)


def open_spool(folder: Path, key: ApplianceKey, *, limits: Limits | None = None, power_on: bool = True) -> Spool:
    """Two areas below `folder`, ready."""
    areas = [AreaSettings(name, folder / name, 64 * 2**20) for name in ("a", "b")]
    spool = Spool.open(
        areas,
        key,
        state=folder / "state",
        appliance=APPLIANCE,
        limits=limits or Limits(),
        rng=secrets.token_bytes,
        report=lambda _problem: None,
    )
    if power_on:
        spool.power_on(Reason.POWER_LOSS, "2026-03-02T09:30:00.000+00:00")
    return spool


class Bench:
    """The rooms of the appliance around a real store, with no doors and no mechanism."""

    def __init__(
        self, folder: Path, *, limits: Limits | None = None, appliance_key: ApplianceKey | None = None
    ) -> None:
        self.folder = folder
        self.limits = limits
        self.appliance_key = appliance_key or ApplianceKey(KEY)
        self.clock = StandingClock()
        self.told: list[News] = []
        self.hub = Hub()
        self.rng: Rng = secrets.token_bytes
        self.fullness: Fullness | None = None
        self.power_up()

    def power_up(self) -> None:
        """A start: nothing of the start before is in memory."""
        self.spool = open_spool(self.folder, self.appliance_key, limits=self.limits)
        self.keys = DataKeys()
        self.jobs = Jobs(self.spool, self.keys, self.hear)
        self.listen: Callable[[News], None] | None = None

    def power_cycle(self) -> None:
        """Off and on again."""
        self.spool.close()
        self.power_up()

    def hear(self, news: News) -> None:
        self.told.append(news)
        if self.listen is not None:
            self.listen(news)

    def admission(
        self,
        *,
        own_key_jobs: bool = True,
        recovery_public: bytes | None = None,
        priority_ceiling: int = 80,
        destinations: Mapping[str, Destination] = MappingProxyType({}),
    ) -> Acceptance:
        """For the printer, and for `destinations`."""
        return Acceptance(
            self.jobs,
            {PRINTER: unconnected(load_layouts(None))} | dict(destinations),
            KeysConfig(KeySource(), own_key_jobs=own_key_jobs),
            LimitsConfig(priority_ceiling=priority_ceiling),
            appliance_key=self.appliance_key,
            recovery_public=recovery_public,
            names=SharedNames(self.appliance_key, self.rng),
            fullness=self.fullness or Fullness(self.spool.percent_used, Marks()),
            clock=self.clock,
            rng=self.rng,
        )

    def new_questions(self, settings: RecoveryConfig | None = None) -> Questions:
        """Puts questions of this store to people, and takes their answers."""
        return Questions(
            self.jobs,
            self.hub,
            settings or RecoveryConfig(),
            self.appliance_key,
            clock=self.clock,
            rng=self.rng,
            printers={PRINTER},
            view=view_of,
        )


def unconnected(layouts: Mapping[str, BookLayout], dialect: Dialect | None = None, name: str = PRINTER) -> Printer:
    """A printer for which documents are prepared, and which nothing reaches."""

    def connect() -> DocumentSession:
        raise AssertionError("nobody prints here")

    settings = PrinterConfig(name, "tcp://127.0.0.1:1")
    spoken = dialect or DIALECTS["pr2"]()
    imports = load_imports(None)
    return Printer(settings, spoken, layouts, connect=connect, tell=lambda _news: None, imports=imports)


def request(number: str = "r-1", **facts: Any) -> SubmitJob:
    """A text for the sheet."""
    known: dict[str, Any] = {
        "client_request": number,
        "printer": PRINTER,
        "format": "text",
        "layout": "sheet",
        "key": KEY,
        "key_ref": "anna-1",
    }
    return SubmitJob(**(known | facts))


DOCUMENT = f"{CONTENT}\nsecond line\n".encode()


def code_of(error: BaseException | None) -> str:
    """The stable code of an error that must be one of the catalogue."""
    assert isinstance(error, PassbookError), error
    return error.code


class Branch:
    """The files of one branch: authority, appliance, and a configuration that can be loaded."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.ca, self.etc = folder / "ca", folder / "etc"
        pki.init(self.ca, self.etc, APPLIANCE, ["127.0.0.1"], dt.datetime.now(dt.UTC))

    def config(self, extra: str = "") -> Config:
        """A configuration whose printer cannot be reached."""
        file = self.etc / "passbook.toml"
        file.write_text(
            f'appliance = "{APPLIANCE}"\ncontrol = "{self.folder}/control"\nstate = "{self.folder}/state"\n'
            f'[[area]]\nname = "a"\npath = "{self.folder}/a"\nquota = "64 MiB"\n'
            f'[[area]]\nname = "b"\npath = "{self.folder}/b"\nquota = "64 MiB"\n'
            f'[[printer]]\nname = "{PRINTER}"\nport = "tcp://127.0.0.1:1"\n'
            '[terminals]\nlisten = "127.0.0.1:0"\ncertificate = "server.pem"\nkey = "server-key.pem"\n'
            'ca = "ca.pem"\nrevoked = "revoked.pem"\n[keys]\nappliance = "appliance.key"\n' + extra
        )
        return load_configuration(file)

    @property
    def appliance_key(self) -> ApplianceKey:
        return ApplianceKey.from_file((self.etc / pki.APPLIANCE_KEY).read_bytes())

    def server_side(self) -> ssl.SSLContext:
        return server_context(self.etc / pki.SERVER, self.etc / pki.SERVER_KEY, self.etc / pki.AUTHORITY)
