"""F4: the content of a terminal's copy goes in time, when nobody decides about it; the question stays."""

from __future__ import annotations

import asyncio
import datetime

import pytest

from passbook.errors import PassbookError
from passbook.job import changes
from passbook.job.choice import Keep
from passbook.job.states import Reason
from spooler.clock import SystemClock
from spooler.content_retention import destroy_old_content
from terminal.agent.running_agent import KEPT_DAYS
from tests.terminal.agent.test_submission import AT, OpenTill, open_till

__all__ = ["open_till"]


class Later(SystemClock):
    """A trusted clock, so many days ahead."""

    def __init__(self, days: int) -> None:
        super().__init__()
        self._ahead = datetime.timedelta(days=days)

    def trusted(self) -> bool:  # type: ignore[explicit-override]  # override is of Python 3.12
        return True

    def business_date(self) -> str:  # type: ignore[explicit-override]  # override is of Python 3.12
        return (datetime.datetime.now(datetime.UTC) + self._ahead).date().isoformat()


def test_the_content_of_a_copy_that_nobody_decided_about_goes_and_its_question_stays(open_till: OpenTill) -> None:
    till = open_till()
    till.appliance.refuses = PassbookError("connection-lost")
    job = till.submit("r-1", keep=Keep.TERMINAL).job
    asyncio.run(till.own.change(job, changes.ask_apart(Reason.APPLIANCE_SILENT, AT)))
    # A day that no trusted clock told becomes that of the first look.
    for days in (0, KEPT_DAYS.days):
        destroy_old_content(till.own.jobs, Later(days), KEPT_DAYS.days)
        assert not till.own.spool.record(job).content_gone
    destroy_old_content(till.own.jobs, Later(KEPT_DAYS.days + 1), KEPT_DAYS.days)
    record = till.own.spool.record(job)
    assert (record.content_gone, record.is_open) == (True, True)
    with pytest.raises(PassbookError) as gone:
        till.own.content(record)
    assert gone.value.code == "content-gone"
