"""Which copy the appliance keeps, who may have a document that it keeps or not, and what owners share (C1, C5-C7)."""

from __future__ import annotations

import asyncio
import base64
import logging
from contextlib import suppress
from pathlib import Path
from typing import Any

import msgspec
import pytest

from firmware.service.acceptance import Attributes
from passbook.document.digest import document_digest
from passbook.errors import PassbookError
from passbook.job import changes
from passbook.job.choice import Choice, IfApart, Keep, Side
from passbook.job.print_right import RightState
from passbook.job.record import Holder, Record, Wrap
from passbook.job.states import Reason
from passbook.protocol.document_rules import DocumentRule
from passbook.protocol.history_reply import HistoryReply
from passbook.protocol.messages import JobView
from passbook.protocol.pages import JobPage, QuestionPage
from passbook.protocol.two_spools import SealedCopy
from spooler.fullness import Fullness, Marks
from spooler.logs import tell_left_out
from storage import SealedJob, Ticket, envelope
from tests.firmware.agency import BOTH, JOB, KEY, ONLY, Agency, Story, content_of_facts, refused, told
from tests.firmware.branch import CONTENT, DOCUMENT, MANAGER, OTHER, PRINTER, TELLER, WAIT
from tests.firmware.operators import OTTO
from tests.firmware.rooms import AUDITOR, Alone

NAME, DATE = "Statement of Jane Roe", "2019-07-18"
SHARED = {"name": NAME, "documentDate": DATE, "sharesName": True, "application": "desk"}
PERSON = {"person": "Anna"}
LARGE = DOCUMENT + b"\n" * 200_000
"""The same lines in more bytes."""


async def shape_of(agency: Agency) -> dict[str, Any]:
    """The outline and sheet of the document, as JSON."""
    known = await agency.submit("r-known", "f" * 32, **BOTH)
    plain: Any = msgspec.to_builtins({"outline": known.outline, "sheet": known.sheet})
    return {name: plain[name] for name in ("outline", "sheet")}


async def only_at_terminal(agency: Agency, **facts: Any) -> Record:
    """A job whose document the terminal alone keeps."""
    await agency.register()
    return await agency.submit(**ONLY, document="", **(await shape_of(agency)), **facts)


def stopped(agency: Agency, *rules: DocumentRule, percent: float = 100.0) -> None:
    """The appliance's spool is so full, or has these rules, from now on."""
    agency.bench.fullness = Fullness(lambda: percent, Marks(), rules)
    agency.boot()


# What the appliance keeps (C1, C5)


@pytest.mark.parametrize("if_apart", IfApart)
def test_a_record_says_what_was_chosen_and_the_right_begins_on_one_side(agency: Agency, if_apart: IfApart) -> None:
    async def story(agency: Agency) -> None:
        await agency.register()
        record = await agency.submit(**BOTH, ifApart=if_apart.value, application="desk")
        assert record.choice == Choice(Keep.BOTH, Side.TERMINAL, if_apart)
        assert (record.side, record.application, record.moved) == (Side.APPLIANCE, "desk", "")
        assert (record.right.state is RightState.HERE) is (if_apart is not IfApart.TERMINAL)
        view: JobView = await agency.ask("Spooler.GetJob", {"job": JOB})
        assert (view.choice, view.application, view.right) == (record.choice, "desk", record.right.state)

    told(agency, story)


@pytest.mark.parametrize(
    ("lie", "code"),
    [
        ({"digest": ""}, "invalid-message"),
        ({"digest": "A" * 64}, "invalid-message"),
        ({"moved": "because"}, "invalid-message"),
        ({"moved": "printer-silent"}, "invalid-message"),
        ({"layout": ""}, "invalid-message"),
        ({"layout": "lost"}, "unknown-layout"),
        ({"format": "docx"}, "unknown-format"),
        ({"sheet": [1, 10, 0]}, "document-differs"),
        ({"sheet": None}, "invalid-message"),
        ({"application": "a" * 129}, "invalid-message"),
        ({"documentDate": "2026-02-30"}, "invalid-message"),
        ({"outline": [{"kind": "eject", "page": 2**40}]}, "invalid-message"),
        ({"outline": [{"kind": "line", "page": 1, "line": 1, "bars": [[0, 5]]}]}, "invalid-message"),
    ],
)
def test_a_lie_about_a_copy_that_is_not_kept_is_refused(agency: Agency, lie: dict[str, Any], code: str) -> None:
    async def story(agency: Agency) -> None:
        await agency.register()
        shape = await shape_of(agency)
        assert await refused(agency.submit(**(ONLY | {"document": ""} | shape | lie))) == code
        assert await refused(agency.ask("Spooler.GetJob", {"job": JOB})) == "unknown-job"

    told(agency, story)


def test_an_outline_beside_another_document_is_refused(agency: Agency) -> None:
    async def story(agency: Agency) -> None:
        await agency.register()
        shape = await shape_of(agency)
        lie = shape | {"outline": [*shape["outline"][:1], *shape["outline"]]}
        assert await refused(agency.submit(**BOTH, **lie)) == "document-differs"
        assert (await agency.submit(**BOTH, **shape)).choice.keep is Keep.BOTH

    told(agency, story)


@pytest.mark.parametrize("facts", [{"keep": "both"}, {"keep": "terminal", "feed": "terminal"}, {"job": JOB}])
def test_a_terminal_without_an_agent_has_no_choice(agency: Agency, facts: dict[str, Any]) -> None:
    async def story(agency: Agency) -> None:
        agency.loop = asyncio.get_running_loop()
        assert await refused(agency.submit(**({"job": ""} | facts))) == "agent-needed"

    told(agency, story)


def test_a_choice_that_cannot_be_is_refused_and_nothing_is_accepted(agency: Agency) -> None:
    async def story(agency: Agency) -> None:
        await agency.register()
        impossible: dict[str, Any] = {"keep": "appliance", "feed": "terminal"}
        assert await refused(agency.submit(**impossible)) == "choice-not-possible"
        assert await refused(agency.ask("Spooler.GetJob", {"job": JOB})) == "unknown-job"

    told(agency, story)


def test_a_digest_without_a_key_is_not_taken_from_any_terminal(agency: Agency) -> None:
    async def story(agency: Agency) -> None:
        assert await refused(agency.submit(job="", digest="cafe")) == "agent-needed"
        await agency.register()
        assert await refused(agency.submit(job="", digest="cafe")) == "invalid-message"

    told(agency, story)


def test_of_a_full_spool_the_terminal_alone_keeps_what_both_should_keep(agency: Agency) -> None:
    async def story(agency: Agency) -> None:
        await agency.register()
        shape = await shape_of(agency)
        stopped(agency)
        await agency.register()
        record = await agency.submit(keep="both", feed="appliance", **shape)
        assert (record.choice.keep, record.choice.feed) == (Keep.TERMINAL, Side.TERMINAL)
        assert (record.moved, record.size, record.recovery_ref) == (Reason.NEARLY_FULL.value, 0, "")
        view: JobView = await agency.ask("Spooler.GetJob", {"job": JOB})
        assert view.moved == Reason.NEARLY_FULL.value
        assert await refused(agency.submit("r-2", "e" * 32)) == "spool-stopped"
        # Without an outline nothing would be known of a document that is not kept.
        assert await refused(agency.submit("r-3", "d" * 32, **BOTH)) == "spool-stopped"

    told(agency, story)


def test_a_copy_that_fits_into_no_area_is_not_kept(agency: Agency) -> None:
    async def story(agency: Agency) -> None:
        await agency.register()
        shape = await shape_of(agency)
        stopped(agency, percent=0.0)
        await agency.register()
        tickets = full_areas(agency)
        assert await refused(agency.submit("r-2", "e" * 32)) == "no-area-has-room"
        assert await refused(agency.submit("r-3", "d" * 32, **BOTH)) == "no-area-has-room"
        # The record alone takes the space of a reserve, too.
        agency.bench.spool.release(tickets.pop())
        facts: dict[str, Any] = {"document": base64.b64encode(LARGE).decode(), "digest": document_digest(KEY, LARGE)}
        assert await refused(agency.submit("r-2", "e" * 32, **facts)) == "no-area-has-room"
        record = await agency.submit(**BOTH, **shape, **facts)
        assert (record.choice.keep, record.moved, record.size) == (Keep.TERMINAL, Reason.NEARLY_FULL.value, 0)

    told(agency, story)


def full_areas(agency: Agency) -> list[Ticket]:
    """Claims of space until none is left; the last one is small."""
    tickets: list[Ticket] = []
    for size in (1_000_000, 1_000):
        with suppress(PassbookError):
            while True:
                number = f"{size}-{len(tickets)}"
                ticket = agency.bench.spool.reserve(f"filler-{number}", "r", b"", size)
                assert isinstance(ticket, Ticket)
                tickets.append(ticket)
    return tickets


def test_a_rule_keeps_documents_out_and_a_history_entry_says_so(agency: Agency) -> None:
    async def story(agency: Agency) -> None:
        await agency.register()
        shape = await shape_of(agency)
        stopped(agency, DocumentRule(application="desk"), percent=0.0)
        await agency.register()
        assert (await agency.submit("r-2", "e" * 32, **BOTH, **shape)).choice.keep is Keep.BOTH
        record = await agency.submit(**BOTH, **shape, application="desk")
        assert (record.choice.keep, record.moved) == (Keep.TERMINAL, Reason.BY_RULE.value)
        await agency.ask("Spooler.CancelJob", {"job": JOB} | PERSON)
        reply: HistoryReply = await agency.ask("Spooler.GetHistory", {"job": JOB})
        assert [(one.job.moved, one.job.choice.keep) for one in reply.entries] == [("spool-rule", Keep.TERMINAL)]

    told(agency, story)


def test_a_rule_by_form_knows_the_form_that_a_document_has_by_itself(agency: Agency) -> None:
    async def story(agency: Agency) -> None:
        stopped(agency, DocumentRule(form="sheet"), percent=0.0)
        await agency.register()
        assert await refused(agency.submit(layout="")) == "spool-stopped"
        assert await refused(agency.ask("Spooler.GetJob", {"job": JOB})) == "unknown-job"
        stopped(agency, DocumentRule(form="savings-24"), percent=0.0)
        await agency.register()
        assert (await agency.submit(layout="")).layout == "sheet"

    told(agency, story)


def test_the_same_request_is_the_same_job_wherever_its_document_is_kept(agency: Agency) -> None:
    """P10: the spool is full at the second time, or at the first."""

    async def story(agency: Agency) -> None:
        await agency.register()
        shape = await shape_of(agency)
        first = await agency.submit(**BOTH, **shape)
        stopped(agency)
        await agency.register()
        assert (await agency.submit(**BOTH, **shape)).job_id == first.job_id
        assert (await agency.submit(**ONLY, **shape, document="")).job_id == first.job_id
        moved = await agency.submit("r-2", "e" * 32, **BOTH, **shape)
        stopped(agency, percent=0.0)
        await agency.register()
        assert (await agency.submit("r-2", "e" * 32, **BOTH, **shape)).job_id == moved.job_id
        assert (
            await refused(agency.submit(**BOTH, **shape, document=base64.b64encode(LARGE).decode())) == "request-reused"
        )

    told(agency, story)


def test_the_same_request_is_the_same_job_with_an_agent_and_past_it(agency: Agency) -> None:
    """P10: what an agent fills in, and with what key it names the document, makes no other request."""

    async def story(agency: Agency) -> None:
        await agency.register()
        shape = await shape_of(agency)
        past: dict[str, Any] = {"job": "", "digest": "", "connection": Alone(TELLER)}
        typed: dict[str, Any] = {
            "content": content_of_facts({"printer": PRINTER, "format": "text", "layout": ""}, DOCUMENT)
        }
        first = await agency.submit(**BOTH, **shape, **typed)
        assert (await agency.submit(**past, layout="")).job_id == first.job_id
        assert await refused(agency.submit(**past, layout="", document="Zm9v")) == "request-reused"
        second = await agency.submit("r-2", **past, layout="")
        again = await agency.submit("r-2", "e" * 32, **BOTH, **shape, **typed)
        assert again.job_id == second.job_id
        assert await refused(agency.submit("r-3", "d" * 32, **BOTH, **shape, content="no digest")) == "invalid-message"
        stranger: dict[str, Any] = {"connection": Alone(TELLER), "job": ""}
        assert await refused(agency.submit("r-4", **stranger)) == "agent-needed"

    told(agency, story)


# A document that is not kept (C2)


def question_about(agency: Agency) -> dict[str, Any]:
    record = agency.record()
    return {"job": JOB, "epoch": record.epoch, "inDoubt": record.sending} | PERSON


def test_after_a_cut_only_the_terminal_with_the_copy_orders_it_printed(agency: Agency) -> None:
    async def story(agency: Agency) -> None:
        await only_at_terminal(agency)
        agency.boot()
        manager = Alone(MANAGER)
        order = question_about(agency) | {"verdict": "print"}
        page: QuestionPage = await agency.ask("Recovery.ListQuestions", {}, manager)
        [mine] = [one for one in page.questions if one.job.job == JOB]
        assert (mine.readable, mine.wraps) == (True, ())
        assert await refused(agency.ask("Recovery.AnswerQuestion", order, manager)) == "document-not-kept"
        assert not agency.record().valid
        new_key = order | {"newKey": base64.b64encode(KEY).decode(), "newKeyRef": "bea-1"}
        assert await refused(agency.ask("Recovery.AnswerQuestion", new_key)) == "document-not-kept"
        view: JobView = await agency.ask("Recovery.AnswerQuestion", order)
        assert view.valid

    told(agency, story)


@pytest.mark.parametrize("verdict", ["discard", "hold"])
def test_a_representative_holds_or_discards_a_document_that_is_not_kept(agency: Agency, verdict: str) -> None:
    async def story(agency: Agency) -> None:
        await only_at_terminal(agency)
        agency.boot()
        order = question_about(agency) | {"verdict": verdict}
        view: JobView = await agency.ask("Recovery.AnswerQuestion", order, Alone(MANAGER))
        assert view.answered is not None
        assert (view.answered.verdict.value, view.answered.terminal, view.valid) == (verdict, MANAGER.name, False)

    told(agency, story)


def test_a_second_person_confirms_what_the_terminal_with_the_copy_ordered(agency: Agency) -> None:
    async def story(agency: Agency) -> None:
        await only_at_terminal(agency)
        agency.boot()
        # A rolled-back record may say less than the paper, so two people order it.
        agency.bench.jobs.change(JOB, changes.invalidate(Reason.ROLLED_BACK, "t")).result(WAIT)
        order = question_about(agency) | {"verdict": "print"}
        manager = Alone(MANAGER)
        second = order | {"person": "Rita"}
        assert await refused(agency.ask("Recovery.AnswerQuestion", second, manager)) == "document-not-kept"
        assert not (await agency.ask("Recovery.AnswerQuestion", order)).valid
        assert (await agency.ask("Recovery.AnswerQuestion", second, manager)).valid

    told(agency, story)


def test_a_document_that_is_not_kept_cannot_be_read_or_fetched(agency: Agency) -> None:
    async def story(agency: Agency) -> None:
        await only_at_terminal(agency)
        asked = {"job": JOB, "key": base64.b64encode(KEY).decode()} | PERSON
        assert await refused(agency.ask("Spooler.GetDocument", asked)) == "document-not-kept"
        assert await refused(agency.ask("Spooler.GetSealed", {"job": JOB})) == "document-not-kept"

    told(agency, story)


# Names and dates that owners share (C6)


def test_every_terminal_sees_a_shared_name_in_lists_and_history(agency: Agency) -> None:
    async def story(agency: Agency) -> None:
        await agency.register()
        sent: JobView = await agency.ask("Spooler.SubmitJob", {**request_of(agency), **SHARED})
        stranger = Alone(OTHER)
        listed: JobPage = await agency.ask("Spooler.ListJobs", {}, stranger)
        shown: JobView = await agency.ask("Spooler.GetJob", {"job": sent.job}, stranger)
        assert {(one.name, one.document_date, one.application) for one in (sent, shown, *listed.jobs)} == {
            (NAME, DATE, "desk")
        }
        agency.boot()
        await agency.ask("Spooler.CancelJob", {"job": sent.job} | PERSON)
        reply: HistoryReply = await agency.ask("Spooler.GetHistory", {}, stranger)
        assert {(one.job.name, one.job.document_date) for one in reply.entries} == {(NAME, DATE)}
        for who in (OTTO, AUDITOR):
            entries = await agency.ask("Appliance.ListHistory", {}, Alone(who))
            assert {(one.name, one.document_date) for one in entries.entries} == {(NAME, DATE)}

    told(agency, story)


def request_of(agency: Agency) -> dict[str, Any]:  # noqa: ARG001 - reads like the others
    return {
        "clientRequest": "r-1",
        "printer": PRINTER,
        "format": "text",
        "layout": "sheet",
        "key": base64.b64encode(KEY).decode(),
        "keyRef": "anna-1",
        "document": base64.b64encode(DOCUMENT).decode(),
    }


def test_a_name_that_is_not_shared_is_for_people_with_the_key(agency: Agency) -> None:
    async def story(agency: Agency) -> None:
        await agency.register()
        request = request_of(agency) | SHARED | {"sharesName": False}
        sent: JobView = await agency.ask("Spooler.SubmitJob", request)
        shown: JobView = await agency.ask("Spooler.GetJob", {"job": sent.job}, Alone(OTTO))
        assert (sent.name, shown.name, shown.document_date) == ("", "", "")
        asked = {"job": sent.job, "key": base64.b64encode(KEY).decode()} | PERSON
        opened = await agency.ask("Spooler.GetDocument", asked)
        assert (opened.name, opened.document_date) == (NAME, DATE)

    told(agency, story)


def test_a_shared_name_is_not_in_clear_on_the_disk_or_in_the_log(
    agency: Agency, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """P5: all files are searched, while the job waits and after it ended."""

    async def story(agency: Agency) -> None:
        await agency.register()
        sent: JobView = await agency.ask("Spooler.SubmitJob", {**request_of(agency), **SHARED})
        must_not_be_in(tmp_path)
        await agency.ask("Spooler.CancelJob", {"job": sent.job} | PERSON)

    with caplog.at_level(logging.DEBUG):
        told(agency, story)
        tell_left_out()
    must_not_be_in(tmp_path)
    assert caplog.records
    assert not any(NAME in str(vars(record)) or DATE in str(vars(record)) for record in caplog.records)


def must_not_be_in(folder: Path) -> None:
    read = {file: file.read_bytes() for file in folder.rglob("*") if file.is_file()}
    assert any(len(content) > 1000 for content in read.values())
    for secret in (NAME.encode(), DATE.encode(), CONTENT.encode()):
        # A whole number of three bytes is the same text in base64, whatever comes behind it.
        for form in (secret, base64.b64encode(secret[:9])):
            assert not [file for file, content in read.items() if form in content]


# Sealed copies and grants (C7)


def opened(copy: SealedCopy) -> bytes:
    """The document, opened by the requester's key alone, far from the appliance."""
    sealed = msgspec.msgpack.decode(copy.content, type=SealedJob)
    wraps = msgspec.msgpack.decode(copy.wraps, type=tuple[Wrap, ...])
    [mine] = [wrap for wrap in wraps if wrap.holder is Holder.REQUESTER]
    key = envelope.unwrap_for_requester(copy.identity, mine, KEY)
    known = msgspec.json.decode(envelope.open_attributes(copy.identity, sealed, key), type=Attributes)
    assert known.name == NAME
    return envelope.open_document(copy.identity, sealed, key)


def sealed_story(deed: Story) -> Story:
    async def story(agency: Agency) -> None:
        await agency.register()
        await agency.submit(**BOTH, name=NAME)
        await deed(agency)

    return story


def test_the_requester_fetches_its_sealed_copy_and_opens_it_at_the_terminal(agency: Agency) -> None:
    async def story(agency: Agency) -> None:
        copy: SealedCopy = await agency.ask("Spooler.GetSealed", {"job": JOB})
        assert CONTENT.encode() not in copy.content + copy.wraps + copy.identity
        assert opened(copy) == DOCUMENT
        record = agency.record()
        assert (copy.height, copy.cpi, copy.left) == (record.sheet.height, record.sheet.cpi, record.sheet.left)
        with pytest.raises(PassbookError):
            envelope.unwrap_for_requester(copy.identity, Wrap(Holder.REQUESTER, "", copy.wraps), KEY)

    told(agency, sealed_story(story))


def test_another_terminal_needs_a_grant_which_goes_with_the_job_or_a_boot(agency: Agency) -> None:
    async def story(agency: Agency) -> None:
        stranger, manager = Alone(OTHER), Alone(MANAGER)
        asked = {"job": JOB}
        grant = {"job": JOB, "terminal": OTHER.name} | PERSON
        for connection in (stranger, manager):
            assert await refused(agency.ask("Spooler.GetSealed", asked, connection)) == "not-permitted"
            assert await refused(agency.ask("Spooler.GrantPreview", grant, connection)) == "not-permitted"
        assert (await agency.ask("Spooler.GrantPreview", grant)).job == JOB
        assert opened(await agency.ask("Spooler.GetSealed", asked, stranger)) == DOCUMENT
        assert await refused(agency.ask("Spooler.GetSealed", asked, manager)) == "not-permitted"
        agency.boot()
        assert await refused(agency.ask("Spooler.GetSealed", asked, stranger)) == "not-permitted"

    told(agency, sealed_story(story))


def test_a_grant_for_a_document_that_is_not_here_is_refused(agency: Agency) -> None:
    async def story(agency: Agency) -> None:
        await agency.register()
        await agency.submit(**request_of(agency), **ONLY)
        grant = {"job": JOB, "terminal": OTHER.name} | PERSON
        assert await refused(agency.ask("Spooler.GrantPreview", grant)) == "document-not-kept"

    told(agency, story)


@pytest.mark.parametrize("wrong", [{"person": ""}, {"terminal": ""}, {"terminal": "t" * 129}])
def test_a_grant_without_a_person_or_a_terminal_is_refused(agency: Agency, wrong: dict[str, str]) -> None:
    async def story(agency: Agency) -> None:
        grant = {"job": JOB, "terminal": OTHER.name} | PERSON | wrong
        assert await refused(agency.ask("Spooler.GrantPreview", grant)) == "invalid-message"

    told(agency, sealed_story(story))


def test_a_copy_that_no_key_of_a_terminal_opens_is_not_sent(agency: Agency) -> None:
    async def story(agency: Agency) -> None:
        await agency.register()
        record = await agency.submit(**BOTH, key="", keyRef="")
        assert await refused(agency.ask("Spooler.GetSealed", {"job": record.job_id})) == "no-key-to-show"
        agency.bench.jobs.change(JOB, changes.cancel("t", TELLER.name, "Anna")).result(WAIT)
        assert await refused(agency.ask("Spooler.GetSealed", {"job": record.job_id})) == "unknown-job"

    told(agency, story)
