from __future__ import annotations

import pytest

from firmware.service.clock_report import ClockReporter
from passbook.errors import PassbookError
from passbook.protocol.operators import ClockReport
from spooler.clock import SystemClock

AT = 1_800_000_000.0


class Operator:
    """Somebody at `passbookctl clock`, and how often the expiries were woken."""

    def __init__(self, *, synchronized: bool = False) -> None:
        self.clock = SystemClock(synchronized=lambda: synchronized, wall=lambda: AT)
        self.woken = 0
        self._reporter = ClockReporter(self.clock, self._wake)

    def _wake(self) -> None:
        self.woken += 1

    def ask(self) -> ClockReport:
        return self._reporter.report()

    def vouch(self, person: str) -> ClockReport:
        self._reporter.vouch(person)
        return self.ask()


def test_the_clock_is_told_with_the_reason_and_nothing_is_changed() -> None:
    operator = Operator()
    report = operator.ask()
    assert (report.wall, report.trusted) == ("2027-01-15T08:00:00.000+00:00", False)
    assert report.why.startswith("the machine is not synchronized")
    assert report.certificates == "2026-11-01T00:00:00+00:00"
    assert operator.woken == 0
    assert Operator(synchronized=True).ask().why == "the machine is synchronized"


def test_an_operators_word_is_taken_logged_with_the_person_and_acted_on(caplog: pytest.LogCaptureFixture) -> None:
    operator = Operator()
    report = operator.vouch("Otto")
    assert (report.trusted, report.why) == (True, "an operator said that it is right")
    assert report.certificates == "2027-01-15T08:00:00+00:00"
    assert operator.woken == 1
    [facts] = [one.facts for one in caplog.records if one.getMessage() == "clock-vouched"]  # type: ignore[attr-defined]
    assert (facts["person"], facts["state"]) == ("Otto", "not-synchronized")


def test_a_clock_behind_a_trusted_date_says_so() -> None:
    operator = Operator(synchronized=True)
    operator.clock.not_before(SystemClock(wall=lambda: AT + 1).now())
    assert operator.ask().why.startswith("it is earlier than a job")
    assert operator.vouch("Otto").trusted


@pytest.mark.parametrize("person", ["", "Otto\n", "x" * 129])
def test_a_word_without_a_person_is_none(person: str) -> None:
    operator = Operator()
    with pytest.raises(PassbookError) as caught:
        operator.vouch(person)
    assert caught.value.code == "invalid-message"
    assert not operator.clock.trusted()
    assert operator.woken == 0
