"""The page in a browser: from an order to its pixel, the first load, many pages, and power-on to an answer."""

from __future__ import annotations

import asyncio
import base64
import os
import re
import shutil
import statistics
import time
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Final, NamedTuple

from playwright._impl._api_structures import ClientCertificate
from playwright.async_api import Browser, BrowserContext, Page, async_playwright

from bench.acceptance import accept
from bench.branch import measured
from bench.process import memory
from bench.report import Bound, Figure, Reach, Results, say
from client.connection import TerminalClient
from demo.story import STATEMENT
from demo.world import Terminal, World
from drivers.simulator.faults import AtLineByte, Target
from passbook.protocol.messages import JobView
from terminal.home import Home
from terminal.keyring import load_ring

TERMINALS: Final = 64
PAGES: Final = 20
EVENTS: Final = 50
RINGS: Final = 3
FILLING: Final = 0.1
"""Seconds in which jobs are sent that wait in the queue then."""
CUT: Final = AtLineByte(line=6, byte=18)
PATIENCE: Final = 60_000.0
SWITCHES: Final = ("--disable-background-networking", "--disable-component-update", "--disable-gpu", "--disable-sync")
_PAINTED: Final = """text => new Promise(resolve => {
  const look = () => {
    if (!document.getElementById("main").textContent.includes(text)) return;
    watch.disconnect();
    // Behind the frame that paints it.
    requestAnimationFrame(() => setTimeout(() => resolve((performance.timeOrigin + performance.now()) / 1000)));
  };
  const watch = new MutationObserver(look);
  watch.observe(document.getElementById("main"), {subtree: true, childList: true, characterData: true});
  look();
})"""
"""When a text was on the screen, by the clock of the machine."""
_LOADED: Final = """() => {
  const all = [...performance.getEntriesByType("navigation"), ...performance.getEntriesByType("resource")];
  const connected = all.filter(one => one.connectEnd > one.connectStart).length;
  return [all.length, all.reduce((sum, one) => sum + one.transferSize, 0), connected];
}"""
"""Requests, their bytes, and the connections that were opened for them."""

_RING_OPENED: Final = """([ring, passphrase]) => new Promise(resolve => {
  const begun = performance.now();
  const worker = new Worker("keys.js", {type: "module"});
  worker.onmessage = ({data}) => resolve(data.done ? (performance.now() - begun) / 1000 : -1);
  worker.postMessage({deed: "newest", ring: Uint8Array.from(atob(ring), one => one.charCodeAt(0)), passphrase});
})"""


class Delays(NamedTuple):
    """Medians in milliseconds from an order until a program heard of it, and until it was on the screen."""

    heard: float
    painted: float


class RingTimes(NamedTuple):
    """Seconds to open a key ring."""

    opened: float
    by_teller: float


def measure(folder: Path, *, quick: bool) -> Results:
    """Measure the page; see bench.report."""
    if shutil.which("chromium") is None:
        return Results("The page", (), notes=("**It was left out**: Debian's chromium is missing here.",))
    terminals, pages, events = (2, 2, 2) if quick else (TERMINALS, PAGES, EVENTS)
    with measured(folder / "w", terminals) as (world, homes):
        manager = world.enroll("manager", representative=True)
        counter = world.enroll("counter-1")
        counter.run("keys", "new", "k1")
        return asyncio.run(_measure(world, homes, manager, counter, pages=pages, events=events))


async def _measure(
    world: World, homes: list[Home], manager: Terminal, counter: Terminal, *, pages: int, events: int
) -> Results:
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(
            executable_path=shutil.which("chromium"), args=list(SWITCHES), chromium_sandbox=os.geteuid() != 0
        )
        say("  power-on to an answer")
        answered = await _answered(world, await _context(browser, world, counter), counter)
        say("  first load")
        page = await _opened(await _context(browser, world, manager), world)
        count, size, connections = await page.evaluate(_LOADED)
        ring = await _ring_opened(page, counter)
        say(f"  events with {len(homes)} terminals")
        delays = await _delays(world, page, homes, Home(manager.home), events)
        say(f"  {pages} pages")
        # Memory that many connections left free would hide that of pages.
        await asyncio.to_thread(world.stop_appliance)
        await asyncio.to_thread(world.start_appliance)
        each = await _each_page(world, await _context(browser, world, manager), pages)
        await browser.close()
    figures = (
        Figure("an order, until a program hears of it: median", delays.heard, "ms"),
        Figure("an order, until it is on the screen: median", delays.painted, "ms", reach=Reach(Bound.MOST, 100)),
        Figure("first load: requests", count, ""),
        Figure("first load: connections for them", connections, ""),
        Figure("first load: bytes over the network", size / 1024, "KiB", reach=Reach(Bound.MOST, 160)),
        Figure("an open page, in the appliance's memory", each, "KiB"),
        Figure("a key ring is opened in the browser", ring.opened, "s", "teller", ring.opened / ring.by_teller),
        Figure("power-on to an answered question", answered, "s"),
    )
    return Results("The page", figures, notes=_NOTES)


async def _context(browser: Browser, world: World, terminal: Terminal) -> BrowserContext:
    home = Home(terminal.home)
    identity = ClientCertificate(
        origin=f"https://{world.address}", certPath=str(home.certificate), keyPath=str(home.key)
    )
    context = await browser.new_context(client_certificates=[identity], ignore_https_errors=True)
    context.set_default_timeout(PATIENCE)
    return context


async def _opened(context: BrowserContext, world: World) -> Page:
    """A page that is connected."""
    page = await context.new_page()
    await page.goto(f"https://{world.address}/#now")
    await page.locator(".who", has_text=re.compile(".")).wait_for()
    return page


async def _delays(world: World, page: Page, homes: list[Home], manager: Home, events: int) -> Delays:
    """Hold and release a job of one terminal, while all are connected, and see when others know it."""
    await asyncio.to_thread(accept, world, homes[:1], FILLING)
    heard, painted = [], []
    async with AsyncExitStack() as stack:
        clients = [await stack.enter_async_context(TerminalClient(one.address(), one.context())) for one in homes]
        program = await stack.enter_async_context(TerminalClient(manager.address(), manager.context()))
        job = (await clients[0].jobs())[-1].job
        for number in range(events):
            person = f"Person {number} of the measurement"
            on_screen = asyncio.ensure_future(page.evaluate(_PAINTED, person))
            news = asyncio.ensure_future(_news(program, person))
            # Both listen before the order is given.
            await page.evaluate("0")
            begun = time.time()
            await clients[0].hold(job, person)
            heard.append(await news - begun)
            painted.append(await on_screen - begun)
            await clients[0].release(job, person)
    return Delays(statistics.median(heard) * 1000, statistics.median(painted) * 1000)


async def _ring_opened(page: Page, counter: Terminal) -> RingTimes:
    """Open the same key ring as the page does and as `teller` does."""
    home = Home(counter.home)
    data = base64.b64encode(home.keyring.read_bytes()).decode()
    opened = [await page.evaluate(_RING_OPENED, [data, counter.passphrase]) for _ in range(RINGS)]
    if min(opened) < 0:
        raise RuntimeError("the key ring did not open in the browser")
    begun = time.monotonic()
    for _ in range(RINGS):
        load_ring(home.keyring, counter.passphrase.encode())
    return RingTimes(statistics.median(opened), (time.monotonic() - begun) / RINGS)


async def _news(program: TerminalClient, person: str) -> float:
    """When a program hears of the hold by a person."""
    async for event in program.events():
        if isinstance(event.what, JobView) and event.what.held_by is not None and event.what.held_by.person == person:
            return time.time()
    raise RuntimeError("the connection ended")


async def _each_page(world: World, context: BrowserContext, pages: int) -> float:
    """KiB of the appliance for one more page."""
    first = await _opened(context, world)
    before = memory(world.appliance_pid).resident
    for _ in range(pages):
        await _opened(context, world)
    each = (memory(world.appliance_pid).resident - before) / pages
    await first.context.close()
    return max(0.0, each)


async def _answered(world: World, context: BrowserContext, counter: Terminal) -> float:
    """Seconds from the start of an appliance that lost power until a question about a job is answered at the page."""
    page = await _opened(context, world)
    world.mechanism.cut(Target.APPLIANCE, CUT, world.appliance_pid)
    printing = await asyncio.to_thread(counter.print_in_background, STATEMENT.file, STATEMENT.book, STATEMENT.layout)
    await asyncio.to_thread(world.await_appliance_end)
    printing.kill()
    begun = time.monotonic()
    await asyncio.to_thread(world.start_appliance)
    await page.goto(f"https://{world.address}/#questions")
    await page.get_by_label("Your name").fill("Ann Example")
    hold = page.get_by_role("button", name="Hold it")
    await hold.focus()
    await page.keyboard.press("Space")
    await page.locator(".closed").wait_for()
    took = time.monotonic() - begun
    await context.close()
    return took


_NOTES: Final = (
    (
        "Chromium without a window shows the queue as a representative, while all terminals are connected. One of them "
        "holds a job; the time ends behind the frame that paints the name of its person. It contains the commit of the "
        "order. A program with the representative's certificate beside it says when the event was there."
    ),
    (
        "Power-on is the start of the appliance's process. The page is loaded then, and a person who needs no time to "
        "read holds the job. The first load is that of a browser that has nothing yet."
    ),
)
