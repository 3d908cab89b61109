"""A branch of real processes, and a browser at its page with the certificate of one of its terminals."""

from __future__ import annotations

import asyncio
import json
import os
import shutil
import subprocess
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from pathlib import Path
from typing import Any, Final

import pytest
from playwright._impl._api_structures import ClientCertificate
from playwright.sync_api import Browser, BrowserContext, Page, Playwright, expect, sync_playwright

from demo.browser_identity import PASSWORD, save_identity
from demo.world import Terminal, World
from terminal.home import Home
from tests.needed import need
from tests.scenarios.conftest import OpenOffice, an_office, furnished
from tests.scenarios.office import Office

__all__ = ["furnished"]

SWITCHES: Final = (
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-gpu",
    "--disable-quic",
    "--disable-sync",
    "--no-first-run",
)
"""For a browser that speaks to no place but the branch."""
PATIENCE: Final = 60_000.0
"""Milliseconds within which a page must show what it is looked at for, on a busy machine."""

OpenPage = Callable[..., Page]


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """Debian's Chromium, without a window.

    Playwright keeps the event loop of its thread while it runs, so it runs for the tests of this folder alone.
    """
    need("chromium")
    expect.set_options(timeout=PATIENCE)
    with ExitStack() as stack:
        browser = started(stack).chromium.launch(
            executable_path=shutil.which("chromium"), args=list(SWITCHES), chromium_sandbox=os.geteuid() != 0
        )
        yield browser
        browser.close()


def started(stack: ExitStack) -> Playwright:
    """Playwright, until the stack is closed."""
    playwright = stack.enter_context(sync_playwright())
    pool = stack.enter_context(ThreadPoolExecutor(1))
    # Its thread is there before a test begins, which may leave no new one.
    pool.submit(os.getpid).result()
    asyncio.get_running_loop().set_default_executor(pool)
    return playwright


@pytest.fixture
def open_office(furnished: World) -> Iterator[OpenOffice]:
    """Open an office with settings as those of `an_office`; one at a time, since all have one address."""
    with ExitStack() as offices:
        yield lambda *arguments, **settings: offices.enter_context(
            an_office(furnished, *arguments, address=furnished.address, **settings)
        )


class Browsers:
    """Browsers of people, which are closed with the test."""

    def __init__(self, browser: Browser, folder: Path) -> None:
        self._browser = browser
        self._folder = folder
        self._contexts: list[BrowserContext] = []

    def context(self, **settings: Any) -> BrowserContext:
        """A browser that nobody has used; `settings` are those of Playwright's contexts."""
        return self._kept(self._browser.new_context(**settings))

    def with_certificate(self, office: Office, terminal: Terminal, **settings: Any) -> Page:
        """A browser that shows the certificate of a terminal to the appliance."""
        home = Home(terminal.home)
        identity = ClientCertificate(
            origin=f"https://{office.world.address}", certPath=str(home.certificate), keyPath=str(home.key)
        )
        return self.context(client_certificates=[identity], ignore_https_errors=True, **settings).new_page()

    def with_store(self, office: Office, terminal: Terminal) -> Page:
        """A browser with the certificate in its own store, and with a rule of the operator that chooses it."""
        need("certutil", "unshare", "mount")
        if os.geteuid() != 0:
            pytest.skip("only root gives a browser rules of an operator")
        fill_store(self._folder, office, terminal)
        program = self._folder / "chromium"
        ruled = f'mount --bind {self._folder}/rules /etc/chromium && exec {shutil.which("chromium")} "$@"'
        program.write_text(f"#!/bin/sh\nexec unshare --mount sh -c '{ruled}' chromium \"$@\"\n")
        program.chmod(0o700)
        context = self._browser.browser_type.launch_persistent_context(
            self._folder / "profile",
            executable_path=program,
            args=list(SWITCHES),
            env={**os.environ, "HOME": str(self._folder)},
        )
        return self._kept(context).new_page()

    def _kept(self, context: BrowserContext) -> BrowserContext:
        context.set_default_timeout(PATIENCE)
        self._contexts.append(context)
        return context

    def close(self) -> None:
        for context in self._contexts:
            context.close()


def fill_store(home: Path, office: Office, terminal: Terminal) -> None:
    """Give the user whose home this is the identity of a terminal, and the trust in its authority."""
    store, identity = home / ".pki" / "nssdb", home / "identity.p12"
    store.mkdir(parents=True)
    save_identity(terminal.home, identity)
    authority = str(terminal.home / "ca.pem")
    for command in (
        ["certutil", "-N", "-d", f"sql:{store}", "--empty-password"],
        ["certutil", "-A", "-d", f"sql:{store}", "-n", "branch", "-t", "C,,", "-i", authority],
        ["pk12util", "-d", f"sql:{store}", "-i", str(identity), "-W", PASSWORD],
    ):
        subprocess.run(command, check=True, capture_output=True)
    rules = home / "rules" / "policies" / "managed"
    rules.mkdir(parents=True)
    choice = json.dumps({"pattern": f"https://{office.world.address}", "filter": {}})
    (rules / "branch.json").write_text(json.dumps({"AutoSelectCertificateForUrls": [choice]}))


@pytest.fixture
def browsers(browser: Browser, tmp_path: Path) -> Iterator[Browsers]:
    """Browsers of people."""
    several = Browsers(browser, tmp_path)
    yield several
    several.close()


@pytest.fixture
def open_page(browsers: Browsers) -> OpenPage:
    """Open the page of an office as one of its terminals; further settings are those of a browser's context."""

    def open_as(office: Office, terminal: Terminal, **settings: Any) -> Page:
        page = browsers.with_certificate(office, terminal, **settings)
        page.goto(f"https://{office.world.address}/")
        return page

    return open_as
