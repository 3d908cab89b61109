"""What goes wrong while a page is open: two answers at once, other rings, large files, stalled lines, a long sleep."""

from __future__ import annotations

import json
import os
import re
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Final

import pytest
from playwright.sync_api import Locator, Page, WebSocketRoute, expect

from demo.world import World, await_fact
from drivers.simulator.faults import AfterStrike, Target
from terminal.keyring import KeyRing, new_ring_key, seal_ring
from tests.page.conftest import OpenPage
from tests.page.test_choices_at_an_agent_in_a_browser import large_text
from tests.page.test_now_and_send_in_a_browser import show
from tests.page.test_questions_in_a_browser import KEY_TIME, answers_of, card_of, sign
from tests.scenarios.books import Statement
from tests.scenarios.conftest import an_office
from tests.scenarios.office import Office

HUGE: Final = 50 * 1024 * 1024
LOOK: Final = 2500
"""Milliseconds within which a page that wakes looks at its connection."""
SERVICE: Final = "**/xfs4iot/v1.0/Spooler*"
LOOKED: Final = "new Promise(resolve => setTimeout(resolve))"
"""Ends when the page has done what it does about the messages that came."""


LOCKED: Final = Statement(101, count=8)
"""The statement of a job whose key the appliance lost in a power cut."""


@pytest.fixture(scope="module")
def office(furnished: World) -> Iterator[Office]:
    """One office for all tests of this file, which has one locked job; tests stop further ones."""
    with an_office(furnished, address=furnished.address) as office:
        printing, _question = office.print_until_cut(LOCKED, Target.BOTH, AfterStrike(line=3))
        printing.kill()
        yield office


def stopped(office: Office, number: int) -> str:
    """One more job, which a power cut of the mechanism stopped after its third line; the appliance has its key."""
    printing, question = office.print_until_cut(Statement(number, count=8), Target.PRINTER, AfterStrike(line=3))
    printing.kill()
    return question.job.job


class Line:
    """Between a page and its appliance; it can keep some messages back, while others pass.

    Attributes:
        is_cut: whether a new connection is refused.
    """

    def __init__(self, page: Page) -> None:
        self.is_cut = False
        self._whole: list[WebSocketRoute] = []
        self._kept: list[tuple[WebSocketRoute, str | bytes]] | None = None
        self._kind = ""
        self._page = page
        page.route_web_socket(SERVICE, self._connect)

    def _connect(self, page_side: WebSocketRoute) -> None:
        if self.is_cut:
            page_side.close()
            return
        self._whole.append(page_side)
        page_side.connect_to_server().on_message(lambda message: self._carry(page_side, message))

    def _carry(self, page_side: WebSocketRoute, message: str | bytes) -> None:
        header = json.loads(message)["header"]
        if self._kept is not None and self._kind in (header["type"], header["name"]):
            self._kept.append((page_side, message))
        elif page_side in self._whole:
            page_side.send(message)

    def keep(self, kind: str) -> None:
        """Keep every message of a type or name from now on."""
        self._kind = kind
        self._kept = []

    def await_kept(self, count: int) -> None:
        """Wait until it keeps so many messages."""
        while len(self._kept or []) < count:
            # Messages are carried while the browser is asked something.
            self._page.evaluate("null")

    def let_through(self, *, newest_first: bool = False) -> None:
        """Send the kept messages to the page, and keep none from now on."""
        kept, self._kept = self._kept or [], None
        for page_side, message in reversed(kept) if newest_first else kept:
            page_side.send(message)

    def lose(self) -> None:
        """Nothing comes over its connections any more, though they look whole; no other one comes about."""
        self._whole, self._kept = [], None
        self.is_cut = True


def test_the_slower_one_of_two_people_reads_who_answered_and_what(office: Office, open_page: OpenPage) -> None:
    job = stopped(office, 102)
    slower = open_page(office, office.manager)
    line = Line(slower)
    slower.reload()
    quicker = open_page(office, office.counter)
    card = card_of(slower, job)
    card.get_by_label("Your name").fill("Rita Example")
    card.get_by_role("button", name="Discard it").click()
    dialog = slower.get_by_role("dialog")
    line.keep("unsolicited")
    card_of(quicker, job).get_by_label("Your name").fill("Ann Example")
    card_of(quicker, job).get_by_role("button", name="Discard it").click()
    quicker.get_by_role("dialog").get_by_role("button", name="Yes").click()
    expect(quicker.locator(".closed")).to_contain_text("discard it")
    dialog.get_by_role("button", name="Yes").click()
    told = dialog.get_by_role("alert")
    expect(told).to_contain_text(f"{job[:8]} was already answered by Ann Example at counter-1")
    # The time is that of the branch, as everywhere on the page.
    assert re.search(r"at counter-1 \(\d\d:\d\d\): discard it", told.text_content() or "")
    line.let_through()
    expect(slower.locator(".closed")).to_contain_text('Ann Example at counter-1 ordered "discard it"')
    expect(slower.locator(f"#question-{job[:8]}")).to_have_count(0)
    assert [one["person"] for one in answers_of(office, job)] == ["Ann Example"]


def test_the_ring_of_somebody_else_and_a_wrong_passphrase_change_nothing_and_nothing_is_kept(
    office: Office, open_page: OpenPage, tmp_path: Path
) -> None:
    [job] = [one["job"]["job"] for one in office.world.ctl("questions") if not one["readable"]]
    page = open_page(office, office.counter)
    card = card_of(page, job)
    other = tmp_path / "keyring"
    other.write_bytes(seal_ring(KeyRing(keys={"b-1": new_ring_key()}), b"another one"))

    def answer_with(ring: Path, passphrase: str) -> str:
        """What a person reads who answers with this ring."""
        card.get_by_label("File of the key ring").set_input_files(ring)
        card.get_by_label("Passphrase").fill(passphrase)
        card.get_by_role("button", name="go on from line").first.click()
        expect(card.get_by_role("alert")).not_to_be_empty(timeout=KEY_TIME)
        expect(card.get_by_label("Passphrase")).to_have_value("")
        return card.get_by_role("alert").inner_text()

    card.get_by_label("Your name").fill("Ann Example")
    assert answer_with(other, "another one") == "The key ring has no key for this job: it needs k1."
    locked = "The key ring does not open: the passphrase is another one, or the file is no key ring."
    assert answer_with(office.counter.home / "keyring", "another one") == locked
    assert answer_with(_large_file(tmp_path), "another one") == locked
    assert answers_of(office, job) == []
    assert kept_by(page) == {}
    # The browser tells of a worker's end a moment later.
    await_fact(lambda: page.evaluate("0") or page.workers == [], lambda: page.workers)
    page.reload()
    expect(card_of(page, job).get_by_label("Your name")).to_have_value("")
    expect(card_of(page, job)).to_contain_text("Needed to print from the stored copy.")


def kept_by(page: Page) -> dict[str, Any]:
    """Everything that the browser would have of this page after its end."""
    state: dict[str, Any] = dict(page.context.storage_state(indexed_db=True))
    kept = {name: value for name, value in state.items() if value}
    more = page.evaluate("""async () => ({
      session: Object.keys(sessionStorage), caches: await caches.keys(),
      workers: (await navigator.serviceWorker.getRegistrations()).length,
    })""")
    return kept | {name: value for name, value in more.items() if value}


def _large_file(folder: Path) -> Path:
    file = folder / "large.csv"
    with file.open("wb") as large:
        large.truncate(HUGE)
    return file


def test_a_file_of_50_mb_is_refused_before_it_goes_anywhere_and_the_page_stays_usable(
    office: Office, open_page: OpenPage, tmp_path: Path
) -> None:
    page = open_page(office, office.counter)
    sent: list[int] = []
    page.on("websocket", lambda socket: socket.on("framesent", lambda data: sent.append(len(data))))
    page.reload()
    page.get_by_role("navigation").get_by_role("link", name="Send").click()
    main = page.locator("main")
    main.get_by_label("File", exact=True).set_input_files(_large_file(tmp_path))
    expect(main.get_by_role("alert").first).to_have_text(
        "The document has 51200 KiB, and 1024 KiB are possible. Nothing was sent."
    )
    main.get_by_label("File", exact=True).set_input_files([])
    pasted = main.get_by_label("Or paste a text here")
    pasted.fill("x" * HUGE)
    expect(main.get_by_role("alert").first).to_contain_text("has 51200 KiB")
    expect(pasted).to_have_value("")
    # Of letters that take three bytes the field holds more than the appliance.
    pasted.fill("€" * 1024 * 350)
    main.get_by_role("button", name="Check it and show its pages").click()
    expect(main.get_by_role("alert").first).to_contain_text("has 1050 KiB")
    assert max(sent) < 4096
    pasted.fill(Statement(103, count=3).csv())
    main.get_by_role("button", name="Check it and show its pages").click()
    expect(main.locator(".preview svg text.run").first).to_be_visible()


def test_pages_that_come_late_take_nothing_that_a_person_types_and_are_those_of_the_fields(
    office: Office, open_page: OpenPage
) -> None:
    page = open_page(office, office.counter)
    line = Line(page)
    page.reload()
    main = show(page, "Send")
    main.get_by_label("Or paste a text here").fill(Statement(106, count=3).csv())
    go, preview = main.get_by_role("button", name="Check it and show its pages"), main.locator(".preview")
    layout = main.get_by_role("combobox", name="Layout Empty")

    def check_late() -> None:
        line.keep("Spooler.CheckDocument")
        go.click()
        expect(preview).to_have_text("Its pages are being made.")
        line.await_kept(1)

    go.click()
    sign(preview, office.counter, "Ann Example")
    check_late()
    # Nothing of the old picture is left to be signed, and the name that was typed comes again with the new one.
    line.let_through()
    expect(preview.locator("svg")).to_have_count(1)
    expect(preview.get_by_label("Your name")).to_have_value("Ann Example")
    check_late()
    title = main.get_by_label("Name of the document", exact=False)
    title.focus()
    line.let_through()
    expect(preview.locator("svg")).to_have_count(1)
    page.keyboard.type("A name")
    expect(title).to_have_value("A name")
    check_late()
    layout.fill("an-unknown-one")
    line.let_through()
    page.evaluate(LOOKED)
    expect(preview).to_have_text("Something was changed: check it again.")
    layout.fill("")
    check_late()
    layout.fill("an-unknown-one")
    go.click()
    line.await_kept(2)
    line.let_through(newest_first=True)
    page.evaluate(LOOKED)
    expect(main.get_by_role("alert").first).to_contain_text("an-unknown-one")
    expect(preview).to_be_empty()


def test_a_document_that_is_drawn_for_long_holds_up_no_answer(
    office: Office, open_page: OpenPage, tmp_path: Path
) -> None:
    job = stopped(office, 110)
    page = open_page(office, office.counter)
    drawing = Drawing(page)
    main = show(page, "Send")
    # It is more than fits into one command, so it goes ahead in pieces.
    main.get_by_label("File", exact=True).set_input_files(large_text(tmp_path))
    drawing.await_begin()
    show(page, "Questions")
    card_of(page, job).get_by_label("Your name").fill("Ann Example")
    card_of(page, job).get_by_role("button", name="Hold it").click()
    expect(page.locator(".closed", has_text=job[:8])).to_contain_text("It is held by Ann Example at counter-1.")
    drawing.end()
    expect(show(page, "Send").locator(".preview svg.page")).to_contain_text("Closing time")


class Drawing:
    """Before an appliance that is drawing a document: whatever was asked over that connection is answered after it."""

    def __init__(self, page: Page) -> None:
        self._held: dict[WebSocketRoute, list[str | bytes]] = {}
        self._page = page
        page.route_web_socket(SERVICE, self._connect)
        page.reload()

    def _connect(self, page_side: WebSocketRoute) -> None:
        server = page_side.connect_to_server()

        def ask(message: str | bytes) -> None:
            if json.loads(message)["header"]["name"] == "Spooler.CheckDocument":
                self._held[page_side] = []
            server.send(message)

        def tell(message: str | bytes) -> None:
            if page_side in self._held:
                self._held[page_side].append(message)
            else:
                page_side.send(message)

        page_side.on_message(ask)
        server.on_message(tell)

    def await_begin(self) -> None:
        """Wait until a document was asked about."""
        while not self._held:
            self._page.evaluate("null")

    def end(self) -> None:
        """Its pages are drawn."""
        held, self._held = self._held, {}
        for page_side, messages in held.items():
            for message in messages:
                page_side.send(message)


def test_pages_that_come_under_a_resting_pointer_are_not_sent_by_a_click(office: Office, open_page: OpenPage) -> None:
    # The whole page is seen at once, so nothing scrolls.
    page = open_page(office, office.counter, viewport={"width": 1280, "height": 4000})
    line = Line(page)
    page.reload()
    main = show(page, "Send")
    main.get_by_label("Or paste a text here").fill(Statement(112, count=3).csv())
    go, send = (
        main.get_by_role("button", name="Check it and show its pages"),
        main.get_by_role("button", name="Send it"),
    )
    go.click()
    send.hover()
    place = middle(send)
    line.keep("Spooler.CheckDocument")
    go.click()
    page.mouse.move(*place)
    line.await_kept(1)
    line.let_through()
    expect(send).to_be_visible()
    assert middle(send) == place
    page.mouse.down()
    page.mouse.up()
    expect(page.locator("#said")).to_contain_text("The pages moved just before you pressed: nothing was sent.")


def test_a_click_counts_for_no_question_that_came_to_lie_under_the_pointer(office: Office, open_page: OpenPage) -> None:
    first, second, third = (stopped(office, number) for number in (107, 108, 109))
    # All cards are seen at once, so nothing scrolls.
    page = open_page(office, office.counter, viewport={"width": 1280, "height": 8000})
    below = card_of(page, third).get_by_role("button", name="Hold it")
    for job in (second, third):
        card_of(page, job).get_by_label("Your name").fill("Ann Example")
    hold = card_of(page, first).get_by_role("button", name="Hold it")
    hold.hover()
    place = middle(hold)
    office.answer(office.manager, first, "--hold")
    expect(page.locator(f"#question-{first[:8]}")).to_have_count(0)
    assert middle(card_of(page, second).get_by_role("button", name="Hold it")) == place
    page.mouse.down()
    page.mouse.up()
    expect(page.locator("#said")).to_contain_text("Questions moved just before you pressed: nothing was decided.")
    # A person who saw it presses once more, and the second of two clicks meets the card below.
    page.mouse.down()
    page.mouse.up()
    expect(page.locator(f"#question-{second[:8]}")).to_have_count(0)
    assert middle(below) == place
    page.mouse.move(place[0] + 2, place[1])
    page.mouse.down(click_count=2)
    page.mouse.up(click_count=2)
    card_of(page, third).get_by_role("button", name="Discard it").click()
    page.get_by_role("dialog").get_by_role("button", name="Yes").click()
    expect(page.locator(f"#question-{third[:8]}")).to_have_count(0)
    verdicts = [[one["verdict"] for one in answers_of(office, job)] for job in (first, second, third)]
    assert verdicts == [["hold"], ["hold"], ["discard"]]


def middle(button: Locator) -> tuple[float, float]:
    """Where a person who points at a button has the pointer."""
    box = button.bounding_box()
    assert box is not None
    return box["x"] + box["width"] / 2, box["y"] + box["height"] / 2


@contextmanager
def silent(office: Office) -> Iterator[None]:
    """The appliance does nothing, and its connections stay open, as behind a router that lost its memory."""
    pid = office.world.appliance_pid
    os.kill(pid, signal.SIGSTOP)
    try:
        yield
    finally:
        os.kill(pid, signal.SIGCONT)


def can_be_pressed(button: Locator) -> bool:
    """Whether a person reaches a button, by pointing at it or by the keyboard."""
    reached: bool = button.evaluate("""one => {
      one.scrollIntoView({block: "center"});
      const box = one.getBoundingClientRect();
      one.focus();
      return document.activeElement === one
        || one.contains(document.elementFromPoint(box.x + box.width / 2, box.y + box.height / 2));
    }""")
    return reached


def test_a_connection_over_which_nothing_comes_is_said_plainly_and_nothing_can_be_pressed(
    office: Office, open_page: OpenPage
) -> None:
    job = stopped(office, 103)
    page = open_page(office, office.counter)
    card = card_of(page, job)
    card.get_by_label("Your name").fill("Ann Example")
    card.get_by_role("button", name="Discard it").click()
    expect(page.get_by_role("dialog")).to_be_visible()
    with silent(office):
        expect(page.locator("#link")).to_contain_text("Not connected since", timeout=KEY_TIME)
        expect(page.get_by_role("dialog")).to_have_count(0)
        assert not can_be_pressed(card.get_by_role("button", name="Hold it", include_hidden=True))
    expect(page.locator("#link")).to_be_empty(timeout=KEY_TIME)
    expect(page.locator("#said")).to_contain_text("The appliance answers again; everything was asked anew.")
    assert can_be_pressed(card_of(page, job).get_by_role("button", name="Hold it"))
    assert answers_of(office, job) == []


def test_a_page_that_slept_for_a_day_asks_everything_anew_and_shows_no_stale_question(
    office: Office, open_page: OpenPage
) -> None:
    old = stopped(office, 104)
    page = open_page(office, office.counter)
    line = Line(page)
    page.clock.install()
    page.reload()
    card = card_of(page, old)
    # No timer of it runs and nothing reaches it, while its connection looks whole.
    asleep = datetime.now(UTC) + timedelta(seconds=60)
    page.clock.pause_at(asleep)
    line.keep("unsolicited")
    office.answer(office.manager, old, "--discard")
    new = stopped(office, 105)
    line.lose()
    page.clock.set_system_time(asleep + timedelta(days=1))
    page.clock.run_for(LOOK)
    assert not can_be_pressed(card.get_by_role("button", name="Hold it", include_hidden=True))
    line.is_cut = False
    page.clock.resume()
    card_of(page, new)
    expect(page.locator(f"#question-{old[:8]}")).to_have_count(0)
    expect(page.locator(".closed", has_text=old[:8])).to_be_visible()
    office.answer(office.manager, new, "--hold")
    expect(page.locator(".closed", has_text=new[:8])).to_contain_text("person at manager")
