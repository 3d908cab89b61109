"""Rules by printer, form and application, with the choice of a person above and the defaults below (C5)."""

from __future__ import annotations

from typing import Any

import pytest

from passbook.errors import PassbookError
from passbook.job.choice import Choice, IfApart, Keep, Side
from passbook.protocol.document_rules import ChoiceRule, DocumentRule, fill_choice
from passbook.protocol.messages import SubmitJob

FORM = "savings-24"
BY_RULE = "spool-rule"
USUAL = Choice(Keep.BOTH, Side.APPLIANCE, IfApart.ASK)
AT_TERMINAL = Choice(Keep.TERMINAL, Side.TERMINAL, IfApart.ASK)


def request(**facts: Any) -> SubmitJob:
    return SubmitJob("r-1", **({"printer": "front", "format": "text"} | facts))


def filled(*rules: ChoiceRule, defaults: Choice = USUAL, **said: Any) -> tuple[Choice, str]:
    """The whole choice for a document of the form savings-24, and why it is not the usual one."""
    done = fill_choice(request(**said), FORM, rules, defaults)
    assert None not in {done.keep, done.feed, done.if_apart}
    return done.choice, done.moved


@pytest.mark.parametrize(
    ("rule", "fits"),
    [
        (DocumentRule(), True),
        (DocumentRule(printer="front"), True),
        (DocumentRule(printer="back"), False),
        (DocumentRule(form=FORM), True),
        (DocumentRule(form="sheet"), False),
        (DocumentRule(application="ledger"), True),
        (DocumentRule(application="Ledger"), False),
        (DocumentRule("front", FORM, "ledger"), True),
        (DocumentRule("front", FORM, "mail"), False),
    ],
)
def test_a_rule_fits_where_each_of_its_words_does(rule: DocumentRule, fits: bool) -> None:
    assert rule.fits(request(application="ledger"), FORM) is fits


def test_the_first_rule_that_fits_counts_and_is_told() -> None:
    rules = (
        ChoiceRule(form="sheet", keep=Keep.APPLIANCE),
        ChoiceRule(printer="front", keep=Keep.TERMINAL),
        ChoiceRule(form=FORM, feed=Side.TERMINAL),
    )
    assert filled(*rules) == (AT_TERMINAL, BY_RULE)
    assert filled(*rules[2:]) == (Choice(Keep.BOTH, Side.TERMINAL), BY_RULE)
    assert filled(*rules, printer="back") == (Choice(Keep.BOTH, Side.TERMINAL), BY_RULE)
    assert filled(*rules[:1]) == (USUAL, "")


def test_a_rule_that_changes_nothing_is_no_reason() -> None:
    assert filled(ChoiceRule(keep=Keep.BOTH, feed=Side.APPLIANCE)) == (USUAL, "")


@pytest.mark.parametrize(
    ("said", "choice", "moved"),
    [
        ({"keep": Keep.APPLIANCE}, Choice(Keep.APPLIANCE, Side.APPLIANCE), ""),
        ({"keep": Keep.BOTH}, Choice(Keep.BOTH, Side.TERMINAL), BY_RULE),
        ({"keep": Keep.BOTH, "feed": Side.APPLIANCE}, USUAL, ""),
        ({"feed": Side.TERMINAL}, AT_TERMINAL, BY_RULE),
        # A copy that the rule does not keep cannot be printed: the rule gives way to the person.
        ({"feed": Side.APPLIANCE}, USUAL, ""),
        ({"if_apart": IfApart.APPLIANCE}, Choice(Keep.BOTH, Side.APPLIANCE, IfApart.APPLIANCE), ""),
        ({"if_apart": IfApart.TERMINAL}, Choice(Keep.TERMINAL, Side.TERMINAL, IfApart.TERMINAL), BY_RULE),
    ],
)
def test_the_choice_of_a_person_wins_over_a_rule(said: dict[str, Any], choice: Choice, moved: str) -> None:
    assert filled(ChoiceRule(keep=Keep.TERMINAL, feed=Side.TERMINAL), **said) == (choice, moved)


def test_an_omitted_part_is_the_default() -> None:
    defaults = Choice(Keep.BOTH, Side.TERMINAL, IfApart.APPLIANCE)
    assert filled(defaults=defaults) == (defaults, "")
    assert filled(defaults=defaults, feed=Side.APPLIANCE)[0].feed is Side.APPLIANCE


@pytest.mark.parametrize(
    ("keep", "expected"),
    [
        (Keep.TERMINAL, Choice(Keep.TERMINAL, Side.TERMINAL, IfApart.TERMINAL)),
        (Keep.APPLIANCE, Choice(Keep.APPLIANCE, Side.APPLIANCE, IfApart.ASK)),
    ],
)
def test_a_part_that_no_person_chose_gives_way(keep: Keep, expected: Choice) -> None:
    assert filled(defaults=Choice(Keep.BOTH, Side.APPLIANCE, IfApart.TERMINAL), keep=keep) == (expected, "")


def test_what_no_spool_can_do_is_refused_whatever_the_rules_say() -> None:
    for rules in ((), (ChoiceRule(keep=Keep.TERMINAL),)):
        with pytest.raises(PassbookError, match="feed appliance is not possible with keep terminal"):
            filled(*rules, keep=Keep.TERMINAL, feed=Side.APPLIANCE)
    with pytest.raises(PassbookError, match="feed terminal is not possible with keep appliance"):
        filled(defaults=Choice(), feed=Side.TERMINAL)


def test_a_rule_may_keep_what_the_defaults_do_not() -> None:
    assert filled(ChoiceRule(keep=Keep.BOTH), defaults=Choice(), feed=Side.TERMINAL) == (
        Choice(Keep.BOTH, Side.TERMINAL),
        BY_RULE,
    )


def test_without_a_choice_the_appliance_alone_keeps_a_document() -> None:
    assert request().choice == Choice()
    assert request(keep=Keep.TERMINAL).choice == AT_TERMINAL
