"""A printer of a second family under the whole spooler: placed, prompted for, printed, and in doubt as it declares."""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from drivers.session import DocumentSession
from firmware.config.configuration import PrinterConfig
from firmware.config.layouts import load_layouts
from passbook.errors import PassbookError
from passbook.job.record import Record
from passbook.job.states import JobState, Reason
from passbook.protocol.messages import question_of
from spooler.desk import PrintDesk
from spooler.news import JobChanged, News, PromptChanged
from spooler.printer import Printer
from tests.drivers.words import WordPrinter, Words
from tests.firmware.branch import TELLER, WAIT, Bench, request

NAME = "words-1"
DOCUMENT = b"one\ntwo\nthree\n"


class Office:
    """The printer with its desk, and a person who does what the prompts say."""

    def __init__(self, folder: Path) -> None:
        self.far_side = WordPrinter()
        self.bench = Bench(folder)
        settings = PrinterConfig(NAME, "tcp://127.0.0.1:1", code_page="ascii")
        self.printer = Printer(settings, Words(), load_layouts(None), connect=self._connect, tell=self.bench.hear)
        self.admission = self.bench.admission(destinations={NAME: self.printer})
        self.desk = PrintDesk(self.printer, jobs=self.bench.jobs, clock=self.bench.clock, tell=self.bench.hear)
        self._told = threading.Condition()
        self.bench.listen = self._listen
        self.desk.start()

    def _connect(self) -> DocumentSession:
        return DocumentSession(self.far_side, Words(), code_page="ascii", clock=time.monotonic)

    def _listen(self, news: News) -> None:
        if isinstance(news, PromptChanged) and news.prompt is not None:
            if news.prompt.action == "insert":
                self.far_side.put_in()
            else:
                self.far_side.take()
        with self._told:
            self._told.notify_all()
        self.desk.wake()

    def submit(self, document: bytes = DOCUMENT) -> Record:
        return asyncio.run(self.admission.submit(TELLER, request("r-1", printer=NAME), document))

    def settled(self, job: str) -> Record:
        def is_settled(news: News) -> bool:
            return isinstance(news, JobChanged) and (news.record.ended or not news.record.valid)

        with self._told:
            assert self._told.wait_for(lambda: any(map(is_settled, self.bench.told)), WAIT)
        return self.bench.spool.record(job)

    def close(self) -> None:
        self.desk.stop()
        self.bench.spool.close()


@pytest.fixture
def office(tmp_path: Path) -> Iterator[Office]:
    office = Office(tmp_path)
    yield office
    office.close()


def test_a_job_is_printed_and_its_sheet_given_back(office: Office) -> None:
    done = office.settled(office.submit().job_id)
    assert done.state is JobState.COMPLETED
    assert list(office.far_side.paper.values()) == ["one", "two", "three"]
    assert len(office.far_side.paper) == 3


def test_a_fault_in_mid_line_is_a_question_that_says_how_many_lines_this_family_leaves_in_doubt(office: Office) -> None:
    office.far_side.trouble_after, office.far_side.trouble = 1, "jam"
    stopped = office.settled(office.submit().job_id)
    assert (stopped.confirmed, stopped.sending, stopped.valid) == (1, 2, False)
    assert stopped.reasons == (Reason.MEDIA_JAM,)
    assert question_of(stopped, (), readable=True).lines_in_doubt == 2
    assert list(office.far_side.paper.values()) == ["one"]


def test_text_that_its_code_page_has_not_is_refused_before_acceptance(office: Office) -> None:
    with pytest.raises(PassbookError) as refused:
        office.submit("Käse\n".encode())
    assert refused.value.code == "not-in-code-page"
    assert office.bench.spool.records() == []
