"""The retention of content: it destroys the text of unanswered jobs in time, also with a line on paper (F4).

The question stays, because only a person can look into the book; it can be closed, and prints nothing any more.
"""

from __future__ import annotations

import datetime
from typing import Final

from passbook.errors import PassbookError
from passbook.job.expiry import destroy_content, is_content_over, is_undated, keeps_content
from spooler.clock import Clock, stamp
from spooler.jobs import Jobs
from spooler.logs import Log

_LOG: Final = Log("retention")


def destroy_old_content(jobs: Jobs, clock: Clock, days: int) -> None:
    """Destroy content older than this many business days; none by a clock that is not trusted (N4). Blocks."""
    if not clock.trusted():
        return
    today = clock.business_date()
    before = (datetime.date.fromisoformat(today) - datetime.timedelta(days=days)).isoformat()
    for record in jobs.spool.questions():
        undated = keeps_content(record) and is_undated(record, today)
        if not undated and not is_content_over(record, before):
            continue
        try:
            changed = jobs.change(record.job_id, destroy_content(today, before, stamp(clock))).result()
        except PassbookError as error:
            _LOG.error("content-not-destroyed", job=record.job_id, code=error.code)
        else:
            if changed.content_gone:
                _LOG.warning("content-destroyed", job=changed.job_id, requester=changed.requester)
