"""A branch of real processes, and a browser at its page with the certificate of one of its terminals."""

from __future__ import annotations

import asyncio
import os
import shutil
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from typing import Any, Final

import pytest
from playwright._impl._api_structures import ClientCertificate
from playwright.sync_api import Browser, Page, sync_playwright

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
PATIENCE: Final = 20_000.0
"""Milliseconds within which a page must show what it is looked at for."""

OpenPage = Callable[..., Page]


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """Debian's Chromium, without a window.

    Playwright keeps the event loop of its thread while it runs, so it runs for the tests of this folder alone.
    """
    need("chromium")
    with sync_playwright() as playwright, ThreadPoolExecutor(1) as pool:
        # Its thread is there before a test begins, which may leave no new one.
        pool.submit(os.getpid).result()
        asyncio.get_running_loop().set_default_executor(pool)
        browser = playwright.chromium.launch(
            executable_path=shutil.which("chromium"), args=list(SWITCHES), chromium_sandbox=os.geteuid() != 0
        )
        yield browser
        browser.close()


@pytest.fixture
def open_office(furnished: World) -> Iterator[OpenOffice]:
    """Open an office with settings as those of `an_office`; one at a time, since all have one address."""
    with ExitStack() as offices:
        yield lambda *arguments, **settings: offices.enter_context(
            an_office(furnished, *arguments, address=furnished.address, **settings)
        )


@pytest.fixture
def open_page(browser: Browser) -> Iterator[OpenPage]:
    """Open the page of an office as one of its terminals; further settings are those of a browser's context."""
    contexts = []

    def open_as(office: Office, terminal: Terminal, **settings: Any) -> Page:
        origin = f"https://{office.world.address}"
        home = Home(terminal.home)
        identity = ClientCertificate(origin=origin, certPath=str(home.certificate), keyPath=str(home.key))
        context = browser.new_context(client_certificates=[identity], ignore_https_errors=True, **settings)
        contexts.append(context)
        context.set_default_timeout(PATIENCE)
        page = context.new_page()
        page.goto(f"{origin}/")
        return page

    yield open_as
    for context in contexts:
        context.close()
