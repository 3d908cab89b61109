"""Who is served, as a browser sees it: certificates, revoked ones, other places, earlier versions, the loopback."""

from __future__ import annotations

import json
import re
from typing import Final

from playwright.sync_api import BrowserContext, Error, Page, Route, expect

from demo.agent_process import AgentProcess
from spooler.browser_files import PageFiles
from tests.page.conftest import Browsers, OpenPage
from tests.scenarios.conftest import OpenOffice
from tests.scenarios.office import Office

EARLIER: Final = "0123456789abcdef"
FILES: Final = PageFiles.shipped()
CONNECT: Final = """address => new Promise(resolve => {
  const socket = new WebSocket(address);
  socket.onopen = () => resolve("connected");
  socket.onerror = () => resolve("refused");
})"""


def is_at_work(page: Page, terminal: str) -> None:
    """The page is connected and says which terminal it is."""
    expect(page.locator(".who")).to_contain_text(terminal)
    expect(page.locator("#link")).to_be_empty()


def test_a_browser_with_a_certificate_of_the_branch_shows_the_page_and_is_connected(
    open_office: OpenOffice, open_page: OpenPage
) -> None:
    office = open_office()
    page = open_page(office, office.counter)
    is_at_work(page, "counter-1")
    assert page.url.startswith(f"https://{office.world.address}/{FILES.version}/")


def test_a_certificate_in_the_browsers_own_store_is_enough(open_office: OpenOffice, browsers: Browsers) -> None:
    """As people have it: imported from the file that `make run` writes too, chosen by a rule of the operator."""
    office = open_office()
    page = browsers.with_store(office, office.counter)
    page.goto(f"https://{office.world.address}/")
    is_at_work(page, "counter-1")


def test_a_browser_without_a_certificate_is_shown_nothing(open_office: OpenOffice, browsers: Browsers) -> None:
    office = open_office()
    page = browsers.context(ignore_https_errors=True).new_page()
    assert said_by(page, f"https://{office.world.address}/") == ""


def said_by(page: Page, address: str) -> str:
    """The code of the catalogue with which an address is refused; empty where TLS itself ends."""
    failed: list[str] = []
    page.on("requestfailed", lambda request: failed.append(request.url))
    try:
        answer = page.goto(address)
    except Error:
        assert failed
        return ""
    assert answer is not None
    assert answer.status == 403
    return answer.text().partition(":")[0]


def test_a_certificate_that_is_revoked_ends_an_open_page_and_opens_no_other(
    open_office: OpenOffice, open_page: OpenPage, browsers: Browsers
) -> None:
    office = open_office()
    page = open_page(office, office.counter)
    is_at_work(page, "counter-1")
    office.world.revoke("counter-1")
    expect(page.locator("#link")).to_contain_text("The certificate of this terminal was revoked.")
    expect(page.locator("#main")).to_be_empty()
    expect(page.locator(".who")).to_be_empty()
    # Neither what this browser has already, nor what one asks for that never had a page.
    file = page.url.partition("#")[0] + "page.js"
    before = browsers.with_certificate(office, office.counter)
    for browser, address in (
        (page, page.url),
        (page, file),
        (before, f"https://{office.world.address}/"),
        (before, file),
    ):
        assert said_by(browser, address) == "certificate-revoked"


def test_a_page_of_another_place_does_not_connect_with_the_certificate_of_its_reader(
    open_office: OpenOffice, open_page: OpenPage
) -> None:
    office = open_office()
    page = open_page(office, office.counter)
    is_at_work(page, "counter-1")
    service = f"wss://{office.world.address}/xfs4iot/v1.0/Spooler"
    assert page.evaluate(CONNECT, service) == "connected"
    page.route("https://elsewhere.example/", lambda route: route.fulfill(body="<!doctype html><title>x</title>"))
    page.goto("https://elsewhere.example/")
    assert page.evaluate(CONNECT, service) == "refused"
    assert "origin-not-accepted" in office.world.log_file.read_text()


def as_earlier_version(route: Route) -> None:
    """Give a browser today's file where it asks for that of an earlier version."""
    route.continue_(url=route.request.url.replace(EARLIER, FILES.version))


def test_a_page_of_an_earlier_version_says_so_and_leads_to_that_of_today(
    open_office: OpenOffice, open_page: OpenPage
) -> None:
    office = open_office()
    page = open_page(office, office.counter)
    page.route(f"**/{EARLIER}/**", as_earlier_version)
    page.goto(f"https://{office.world.address}/{EARLIER}/")
    expect(page.locator("#link")).to_contain_text("This page is of an earlier version than the appliance.")
    assert page.evaluate("document.getElementById('main').inert")
    page.get_by_role("button", name="Load the page again").click()
    is_at_work(page, "counter-1")
    assert f"/{FILES.version}/" in page.url


def test_nothing_from_outside_runs_in_the_page(open_office: OpenOffice, open_page: OpenPage) -> None:
    office = open_office()
    page = open_page(office, office.counter)
    is_at_work(page, "counter-1")
    blocked = page.evaluate(
        """() => new Promise(resolve => {
          const seen = new Set();
          document.addEventListener("securitypolicyviolation", event => {
            seen.add(event.effectiveDirective);
            if (seen.size === 5) resolve([...seen].sort());
          });
          const add = (tag, more) => document.body.append(Object.assign(document.createElement(tag), more));
          add("script", {textContent: "document.title = 'ran'"});
          add("style", {textContent: "body { color: red }"});
          add("img", {src: "https://elsewhere.example/x.png"});
          add("iframe", {src: "https://elsewhere.example/"});
          fetch("https://elsewhere.example/").catch(() => {});
        })"""
    )
    assert blocked == ["connect-src", "frame-src", "img-src", "script-src-elem", "style-src-elem"]
    assert page.title() != "ran"


def agent_of(office: Office) -> AgentProcess:
    agent = AgentProcess(office.counter)
    agent.start()
    return agent


def test_the_page_of_an_agent_opens_once_and_needs_no_certificate(open_office: OpenOffice, browsers: Browsers) -> None:
    office = open_office()
    agent = agent_of(office)
    try:
        address = office.counter.run("page")["address"]
        assert re.fullmatch(r"http://127\.0\.0\.1:\d+/[0-9a-f]{64}/", address)
        context: BrowserContext = browsers.context()
        page = context.new_page()
        page.goto(address)
        is_at_work(page, "counter-1")
        page.reload()
        is_at_work(page, "counter-1")
        assert said_by(context.new_page(), address) == "page-address-used"
    finally:
        assert agent.stop() == 0
    expect(page.locator("#link")).not_to_be_empty()
    assert json.dumps(address.rsplit("/", 2)[1]) not in agent.log()
