"""Hostile texts in every field that the page shows: no script runs, no sentence is turned round, no layout breaks.

A line between the page and its appliance puts them in: what the appliance would never accept is shown too.
"""

from __future__ import annotations

import json
import re
from random import Random
from typing import Any, Final

import pytest
from playwright.sync_api import Page, WebSocketRoute, expect

from demo.world import PRINTER
from tests.page.conftest import OpenPage
from tests.page.test_bad_input_in_a_browser import SERVICE
from tests.page.test_views import NARROW, VIEWS, Stopped, states_of, stopped, too_wide, turn_to

ATTACKS: Final = (
    "<script>window.ran = 1</script>",
    '"><img src=x onerror="window.ran = 1">',
    "'><svg onload=window.ran=1>",
    "</title></textarea></style><iframe srcdoc='<script>parent.ran=1</script>'>",
    "javascript:window.ran=1",
    "data:text/html,<script>window.ran=1</script>",
    "{n} {job} {by} {constructor} $& $` $'",
    "__proto__",
    "&lt;b&gt;&#0;",
    "\u202egnidaer\u2066\u2067\u200f\u061c",
    "\0\x07\x1b[31m\x7f\x9b\u2028\ufeff",
    "Z" + "\u0301\u0335\u0489" * 30,
    "W" * 300,
    "\u6f22" * 120,
    "\u202d" + "\u0644\u0627" * 60,
    "\U0001f469\u200d\U0001f469\u200d\U0001f467" * 30,
    "\n\n\t\r\n" * 10,
    "=HYPERLINK(1)",
)
FIELDS: Final = frozenset(
    {
        "address", "application", "cassette", "cause", "documentDate", "errorDescription", "form", "layout", "name",
        "next", "person", "printer", "reply", "requester", "sender", "sentence", "terminal", "text", "to", "why",
    }
)  # fmt: skip
"""Keys whose text a peer, an operator or a document chooses."""
LISTS: Final = frozenset({"areas", "terminals"})
"""Keys of lists of such texts."""
__all__ = ["stopped"]
SHOWN: Final = FIELDS - {"application", "documentDate", "layout", "to"}
"""Those that must be seen on one of the views here, or the test has looked at nothing."""
INVISIBLE: Final = re.compile(
    "[\0-\x08\x0b-\x1f\x7f-\x9f\u061c\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff]"
)  # fmt: skip
"""What the page may let no peer write."""


class Liar:
    """Between a page and its appliance: puts a hostile text in place of each one that a peer chose.

    Attributes:
        by_field: the hostile texts by the field in which they were.
        refuses: whether it refuses to place a document.
    """

    def __init__(self, page: Page, random: Random) -> None:
        self._random = random
        self._hostile: dict[str, str] = {}
        self._true: dict[str, str] = {}
        self.by_field: dict[str, set[str]] = {}
        self.refuses = False
        page.route_web_socket(SERVICE, self._connect)

    def text(self, true: str, field: str) -> str:
        """The hostile text for a true one: the same each time, and of no other one."""
        while true not in self._hostile:
            made = " ".join(self._random.choices(ATTACKS, k=self._random.randint(1, 3)))
            # The page gives it back as it shows it.
            if self._true.setdefault(as_shown(made), true) == true:
                self._hostile[true] = made
        self.by_field.setdefault(field, set()).add(self._hostile[true])
        return self._hostile[true]

    def _connect(self, page_side: WebSocketRoute) -> None:
        server = page_side.connect_to_server()
        page_side.on_message(lambda message: self._up(page_side, server, json.loads(message)))
        server.on_message(lambda message: self._down(page_side, json.loads(message)))

    def _up(self, page_side: WebSocketRoute, server: WebSocketRoute, message: Any) -> None:
        header = message["header"]
        if header["name"] == "Spooler.GetEnvironment":
            self._answer(page_side, header, READING, "success")
        elif header["name"] == "Spooler.CheckDocument" and self.refuses:
            refusal = {"errorCode": "not-in-any-catalogue", "errorDescription": "refused", "errorFacts": {}}
            self._answer(page_side, header, refusal, "commandErrorCode")
        else:
            server.send(json.dumps(self._honest(message)))

    def _answer(self, page_side: WebSocketRoute, header: Any, payload: Any, code: str) -> None:
        header = {**header, "type": "completion", "completionCode": code}
        page_side.send(json.dumps({"header": header, "payload": self._lied(payload)}))

    def _down(self, page_side: WebSocketRoute, message: Any) -> None:
        name, payload = message["header"]["name"], message.get("payload", {})
        if name == "Recovery.ListQuestions" and payload.get("questions"):
            payload["questions"].append(of_mail(payload["questions"][0]))
        if name == "Common.Status" and "findings" in payload:
            payload["findings"] = list(FINDINGS)
            for printer in payload["printers"]:
                printer["status"]["cause"] = "a cause"
        page_side.send(json.dumps({**message, "payload": self._lied(payload)}))
        if name == "Recovery.ListQuestions":
            prompt = {"printer": PRINTER, "job": "", "action": "insert", "page": 1, "form": "a form", "number": "7"}
            header = {"name": "Spooler.MediaPromptEvent", "type": "unsolicited", "requestId": 0}
            prompt = {**prompt, "cassette": "a cassette", "layout": ""}
            page_side.send(json.dumps({"header": header, "payload": self._lied(prompt)}))

    def _lied(self, value: Any, field: str = "") -> Any:
        if isinstance(value, dict):
            return {key: self._lied(one, key) for key, one in value.items()}
        if isinstance(value, list):
            return [self._lied(one, field if field in LISTS else "") for one in value]
        if isinstance(value, str) and value and field in FIELDS | LISTS:
            return self.text(value, field)
        return value

    def _honest(self, value: Any) -> Any:
        if isinstance(value, dict):
            return {key: self._honest(one) for key, one in value.items()}
        if isinstance(value, list):
            return [self._honest(one) for one in value]
        return self._true.get(as_shown(value), value) if isinstance(value, str) else value


FINDINGS: Final[tuple[dict[str, Any], ...]] = (
    {"code": "not-in-any-catalogue", "sentence": "a problem", "facts": {}},
    {"code": "printer-silent", "sentence": "another one", "facts": {"printer": PRINTER, "why": "no answer"}},
)
"""A problem of which the page has no words, and one of which it has some."""
COUNTS: Final = {"books": 1, "pages": 2, "lines": 3}
READING: Final[dict[str, Any]] = {
    "at": "2026-03-01T10:00:00+00:00", "printed": COUNTS, "pending": COUNTS, "held": COUNTS,
    "stock": [{"left": 3, "form": "form a", "cassette": "cassette a", "level": "low", "next": "form b"}],
    "needed": [{"form": "form a", "pending": 1, "held": 1}],
    "areas": [{"name": "area a", "quota": 100, "free": 50, "jobs": 1, "state": "in-use", "why": "a reason"}],
    "status": {"media": "notPresent"},
}  # fmt: skip
"""What a printer might say at a boundary."""


def of_mail(question: Any) -> Any:
    """The same question about a job that a mail brought."""
    recipient = {"address": "one@branch.example", "delivery": "refused", "reply": "550 no such person"}
    mail = {"sender": "two@elsewhere.example", "recipients": [recipient]}
    job = {**question["job"], "job": "f" * 32, "format": "message", "mail": mail}
    return {**question, "job": job, "outline": [], "inDoubt": 0}


@pytest.mark.parametrize("language", ["en", "ja"])
def test_no_text_of_a_peer_runs_turns_a_sentence_or_breaks_the_layout(
    stopped: Stopped, open_page: OpenPage, language: str, seed: int
) -> None:
    page = open_page(stopped.office, stopped.office.manager, locale=language, viewport={"width": NARROW, "height": 740})
    wrong: list[str] = []
    page.on("dialog", lambda one: wrong.append(f"dialog {one.message}"))
    page.on("pageerror", lambda one: wrong.append(f"error {one}"))
    page.on("console", lambda one: wrong.append(one.text) if one.type == "error" else None)
    liar = Liar(page, Random(seed))
    page.reload()
    expect(page.locator(f"#question-{stopped.job}")).to_be_visible()
    seen = ""
    for view in VIEWS:
        for state in states_of(page, view):
            seen += looked_at(page, state, wrong)
    turn_to(page, "send")
    liar.refuses = True
    page.locator("main button").first.click()
    expect(page.locator("main [role=alert]").first).not_to_be_empty()
    seen += looked_at(page, "send, refused by the appliance", wrong)
    turn_to(page, "printers")
    page.locator("main button").first.click()
    expect(page.locator("main table")).to_be_visible()
    seen += looked_at(page, "printers, counted", wrong)
    assert wrong == []
    unseen = {field for field in SHOWN if not any(as_shown(one) in seen for one in liar.by_field.get(field, ()))}
    assert unseen == set()


def test_a_peer_that_gives_an_object_for_a_text_makes_no_markup(stopped: Stopped, open_page: OpenPage) -> None:
    page = open_page(stopped.office, stopped.office.manager)
    made = page.evaluate(
        """async () => {
          const { el } = await import(new URL("elements.js", location.href).href);
          try { return el("p", { ".innerHTML": "<b>a text</b>" }).childElementCount; } catch { return 0; }
        }"""
    )
    assert made == 0


def as_shown(text: str) -> str:
    return INVISIBLE.sub("\ufffd", text)


LOOK: Final = """() => {
  const texts = [], attributes = [];
  const walker = document.createTreeWalker(document.body);
  for (let node = walker.currentNode; node; node = walker.nextNode()) {
    if (node.nodeType === Node.TEXT_NODE) texts.push(node.data);
    else for (const one of node.attributes) attributes.push(one.value);
  }
  return {
    text: texts.join("\\n"), attributes: attributes.join("\\n"), ran: window.ran ?? 0,
    markup: document.querySelectorAll("img, iframe, script:not([src]), main style, [onerror], [onload]").length,
  };
}"""


def looked_at(page: Page, where: str, wrong: list[str]) -> str:
    """The texts of the page; what is `wrong` with it is added to that list."""
    found = page.evaluate(LOOK)
    wrong += [f"{where}: wider than the screen: {one}" for one in too_wide(page)]
    wrong += [f"{where}: {name}" for name in ("ran", "markup") if found[name]]
    turned = INVISIBLE.findall((found["text"] + found["attributes"]).replace("\r", ""))
    wrong += [f"{where}: shows {turned[:3]!r}"] if turned else []
    return str(found["text"])
