"""The catalogue of the page: each language has every text that the page or the appliance may name."""

from __future__ import annotations

import json
import re
from typing import Any, Final

import pytest

from firmware.service.operations import OPERATIONS
from passbook.book.judging import TAKES_TWO
from passbook.document.plan import StepKind
from passbook.errors import CATALOGUE
from passbook.errors.storage_errors import STORAGE_ERRORS
from passbook.job.actor import Role
from passbook.job.record import HistoryKind, Verdict
from passbook.job.states import JobState, Reason
from passbook.job.waiting import Why
from passbook.protocol.media import Device, Media
from passbook.protocol.operation import COMMON_ERRORS
from storage.area.area import AreaState
from tests.house import ROOT

PAGE: Final = ROOT / "page"
WORDS: Final[dict[str, dict[str, Any]]] = json.loads((PAGE / "catalogue.json").read_text("utf-8"))
AT_TERMINALS: Final = {Role.REQUESTER, Role.REPRESENTATIVE, Role.AUDITOR, Role.WALL}
ENDS_OF_CONNECTIONS: Final = (
    "certificate-revoked",
    "certificate-not-accepted",
    "too-many-connections",
    "page-outdated",
)
REFUSED_ONLY: Final = {
    "not-a-new-store",
    "no-area-there",
    "no-area-usable",
    "own-spool-there",
    "own-spool-unusable",
    "nothing-to-accept",
    "history-rolled-back",
    "forms-short",
    "stock-refused",
}
"""Errors of the store that only a command, or a program that does not start, tells."""
NAMED: Final[dict[str, list[str]]] = {
    "reason": [one.value for one in Reason],
    "state": [one.value for one in JobState],
    "waits": [one.value for one in Why],
    "media": [one.value for one in Media],
    "place": [one.value for one in Media],
    "device": [one.value for one in Device],
    "kind": [one.value for one in HistoryKind],
    "order": [one.value for one in Verdict if one is not Verdict.RESUME],
    "prompt": ["insert", "turn", "take", "take-full", "new-book", "book", "sheet", "form"],
    "doubt": [one.value for one in StepKind if one.traits.doubt],
    "book.loss": [one.value for one in (*TAKES_TWO, Reason.BOOK_NOT_KNOWN)],
    "view": ["questions", "now", "send", "history", "printers", "terminals", "wall"],
    "area": [*(one.value for one in AreaState), "absent"],
    "link": ["connecting", "lost", "page-outdated", "certificate-revoked", "certificate-not-accepted", "apart"],
}
"""The beginning of a key, and the keywords that may stand behind it."""
IN_THE_STATUS: Final = (
    *(code for code in STORAGE_ERRORS if code not in REFUSED_ONLY),
    "apart-after-limited",
    "desk-fails",
    "file-problem",
    "medium-not-taken",
    "no-substitute",
    "notices-old",
    "port-doubtful",
    "printer-attention",
    "printer-configured",
    "printer-garbled",
    "printer-gone",
    "printer-not-back",
    "printer-paused",
    "printer-set-up-other",
    "printer-set-up-unexplained",
    "printer-set-up-wrong",
    "printer-silent",
    "spool-nearly-full",
    "stop-not-stored",
)
"""Codes of problems that a status may have."""
_KEY: Final = re.compile(r"""\bt\(\s*(?:[^"`()]*\? )?"([a-z][\w.-]*)"(?:\s*:\s*"([a-z][\w.-]*)")?""")
_FACT: Final = re.compile(r"\{(\w+)\}")


def texts_of(words: dict[str, Any], key: str) -> list[str]:
    """Every form of a text."""
    return list(words[key].values()) if isinstance(words[key], dict) else [words[key]]


def test_every_text_that_the_modules_name_is_there() -> None:
    named = {
        key
        for module in PAGE.glob("*.js")
        if module.name != "argon2.js"
        for found in _KEY.finditer(module.read_text("utf-8"))
        for key in found.groups()
        if key
    }
    assert len(named) > 100
    assert named - WORDS["en"].keys() == set()


@pytest.mark.parametrize("language", WORDS)
def test_every_keyword_of_the_protocol_has_words(language: str) -> None:
    wanted = {f"{prefix}.{keyword}" for prefix, keywords in NAMED.items() for keyword in keywords}
    assert wanted - WORDS[language].keys() == set()


@pytest.mark.parametrize("language", WORDS)
def test_the_languages_have_the_same_texts_with_the_same_facts(language: str) -> None:
    own = {key for key in WORDS[language] if not key.startswith("error.")}
    assert own == WORDS["en"].keys()
    for key in own:
        facts = {fact for text in texts_of(WORDS["en"], key) for fact in _FACT.findall(text)}
        assert {fact for text in texts_of(WORDS[language], key) for fact in _FACT.findall(text)} <= facts, key


@pytest.mark.parametrize("language", [one for one in WORDS if one != "en"])
def test_every_refusal_and_problem_that_a_terminal_may_read_is_translated_with_its_facts(language: str) -> None:
    at_terminals = [one for one in OPERATIONS.values() if one.roles & AT_TERMINALS]
    codes = {
        *COMMON_ERRORS,
        *ENDS_OF_CONNECTIONS,
        *IN_THE_STATUS,
        *(code for one in at_terminals for code in one.errors),
    }
    assert {f"error.{code}" for code in codes} - WORDS[language].keys() == set()
    for key in WORDS[language]:
        if key.startswith("error."):
            known = _FACT.findall(CATALOGUE[key.removeprefix("error.")].sentence)
            assert set(_FACT.findall(WORDS[language][key])) <= set(known), key


@pytest.mark.parametrize("language", WORDS)
def test_answers_about_a_book_are_orders_that_the_protocol_knows(language: str) -> None:
    # The page offers each one that has words here.
    beginning = "book.answer."
    offered = [key.removeprefix(beginning) for key in WORDS[language] if key.startswith(beginning)]
    verdicts = [one for one in offered if "." not in one]
    assert {"print", "discard", "hold"} <= set(verdicts) <= {one.value for one in Verdict}
    assert {one.partition(".")[0] for one in offered} == set(verdicts)


@pytest.mark.parametrize("language", WORDS)
def test_a_text_with_plurals_has_the_form_that_is_always_possible(language: str) -> None:
    plural = [text for text in WORDS[language].values() if isinstance(text, dict)]
    assert plural
    assert all("other" in text for text in plural)
