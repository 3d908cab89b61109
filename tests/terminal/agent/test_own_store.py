"""The spool of a terminal: bound to its machine, invalid after each boot, open once only."""

from __future__ import annotations

import secrets
import shutil
from pathlib import Path
from typing import Any

import pytest

from passbook.document.plan import Eject, Line, Run, Sheet, encode_plan, outline
from passbook.errors import PassbookError
from passbook.job.choice import Choice, IfApart, Keep, Side
from passbook.job.print_right import PrintRight, RightState
from passbook.job.record import Encryption, Record
from passbook.job.reprinting import claims_right
from passbook.job.states import Reason
from storage import Ticket, envelope
from terminal.agent.own_store import AREAS, OwnStore, begin_anew, open_own_store

SECRET = bytes(range(32))
AT = "2026-03-02T09:30:00.000+00:00"
PLAN = (Line(1, 1, 2160, (Run(1, "Gehalt 2480.00"),)), Eject(1))


class Office:
    """A machine with its id, and a teller's folder."""

    def __init__(self, folder: Path) -> None:
        folder.mkdir(exist_ok=True)
        self.folder = folder / "spool"
        self.state = folder / "spool-state"
        self.reported: list[PassbookError] = []
        self.machine = folder / "machine-id"
        self.machine.write_text("one\n")

    def open(self, secret: bytes = SECRET) -> OwnStore:
        return open_own_store(
            self.folder,
            secret,
            state=self.state,
            quota_mib=32,
            machine=self.machine,
            rng=secrets.token_bytes,
            at=AT,
            report=self.reported.append,
        )


@pytest.fixture
def office(tmp_path: Path) -> Office:
    return Office(tmp_path)


def accept(store: OwnStore, request: str = "r-1", **facts: Any) -> str:
    """A job whose print right is in this spool, with these `facts` in its record."""
    reserved = store.spool.reserve("counter-1", request, b"content", 4096)
    assert isinstance(reserved, Ticket)
    record = Record(
        job_id=reserved.job_id,
        requester="counter-1",
        request_id=request,
        sequence=reserved.sequence,
        accepted_at=AT,
        format="text",
        printer="window-1",
        encryption=Encryption.APPLIANCE,
        steps=len(PLAN),
        outline=outline(PLAN),
        size=reserved.size,
        layout="sheet",
        sheet=Sheet(21600),
        begun=False,
        changed_at=AT,
        side=Side.TERMINAL,
        choice=Choice(Keep.BOTH, Side.APPLIANCE, IfApart.TERMINAL),
        **facts,
    )
    key = envelope.new_data_key(secrets.token_bytes)
    sealed = envelope.seal(
        record.identity(), key, attributes=b"{}", plan=encode_plan(PLAN), document=b"x", rng=secrets.token_bytes
    )
    wrap = envelope.wrap_for_appliance(record.identity(), key, store.key, secrets.token_bytes)
    return store.spool.accept(reserved, record, sealed, (wrap,)).result().job_id


def test_after_a_start_on_its_machine_a_copy_is_invalid_and_keeps_its_right(office: Office) -> None:
    store = office.open()
    job, name = accept(store), store.name
    store.close()
    again = office.open()
    record = again.spool.record(job)
    assert (record.valid, record.reasons, record.right) == (False, (Reason.RESTART,), PrintRight(RightState.HERE))
    assert again.name == name
    again.close()


def test_an_end_without_order_is_told_as_a_power_loss(office: Office) -> None:
    store = office.open()
    job = accept(store)
    store.spool.close()
    again = office.open()
    assert again.spool.record(job).reasons == (Reason.POWER_LOSS,)
    again.close()


def test_a_store_on_another_machine_holds_no_right_and_its_questions_say_so(office: Office) -> None:
    store = office.open()
    job, name = accept(store), store.name
    store.close()
    office.machine.write_text("two\n")
    copied = office.open()
    record = copied.spool.record(job)
    assert (record.valid, record.right.state, record.reasons) == (False, RightState.AWAY, (Reason.STORE_COPIED,))
    assert claims_right(record), "an order to print there takes two people"
    assert copied.name != name, "the appliance takes it for another spool than the first one"
    copied.close()
    once_more = office.open()
    assert once_more.spool.record(job).right.state is RightState.AWAY, "the right does not come back with a restart"
    once_more.close()


@pytest.mark.parametrize("content", [None, b"", b"no JSON", b'{"spool": "x", "mac": "AAAA"}'])
def test_a_binding_that_is_missing_or_altered_counts_as_another_machine(office: Office, content: bytes | None) -> None:
    store = office.open()
    job = accept(store)
    store.close()
    binding = office.folder / "machine"
    if content is None:
        binding.unlink()
    else:
        binding.write_bytes(content)
    again = office.open()
    assert again.spool.record(job).reasons == (Reason.STORE_COPIED,)
    again.close()


def test_the_binding_of_another_spool_does_not_fit(office: Office, tmp_path: Path) -> None:
    other = Office(tmp_path / "other")
    store = office.open()
    job = accept(store)
    store.close()
    foreign = other.open(secrets.token_bytes(32))
    foreign.close()
    shutil.copy(other.folder / "machine", office.folder / "machine")
    again = office.open()
    assert again.spool.record(job).reasons == (Reason.STORE_COPIED,)
    again.close()


def test_two_at_a_time_do_not_open_it(office: Office) -> None:
    store = office.open()
    with pytest.raises(PassbookError) as refused:
        office.open()
    assert refused.value.code == "area-in-use"
    store.close()


def test_a_key_ring_without_its_secret_does_not_open_it(office: Office) -> None:
    office.open().close()
    with pytest.raises(PassbookError) as refused:
        office.open(secrets.token_bytes(32))
    assert refused.value.code == "own-spool-unusable"


def test_a_machine_without_an_id_is_refused(office: Office) -> None:
    office.machine.write_text("\n")
    with pytest.raises(PassbookError, match="no id of this machine"):
        office.open()


def test_a_spool_whose_folder_is_gone_is_not_begun_anew_without_a_word(office: Office) -> None:
    office.open().close()
    lost = office.folder.rename(office.folder.with_name("lost"))
    for _ in range(2):
        with pytest.raises(PassbookError) as refused:
            office.open()
        assert (refused.value.code, refused.value.facts["folder"]) == ("own-spool-unusable", str(office.folder))
        assert "passbookctl" not in str(refused.value)
        assert not office.folder.exists()
    lost.rename(office.folder)
    office.open().close()
    assert office.reported == []


def test_a_word_of_a_person_begins_a_new_spool_where_the_old_one_is_gone(office: Office) -> None:
    store = office.open()
    name = store.name
    store.close()
    with pytest.raises(PassbookError) as refused:
        begin_anew(office.folder, office.state)
    assert refused.value.code == "own-spool-there"
    for area in AREAS:
        shutil.rmtree(office.folder / area)
    begin_anew(office.folder, office.state)
    store = office.open()
    assert store.name != name
    assert store.spool.records() == []
    store.close()
    assert office.reported == []


@pytest.mark.parametrize("lost", AREAS)
def test_with_one_area_gone_the_other_one_serves_and_the_teller_is_told(office: Office, lost: str) -> None:
    store = office.open()
    jobs = [accept(store, f"r-{number}") for number in range(6)]
    store.close()
    away = (office.folder / lost).rename(office.folder.with_name("away"))
    store = office.open()
    kept = {record.job_id for record in store.spool.records()}
    assert set() < kept < set(jobs)
    assert isinstance(store.spool.reserve("counter-1", "another", b"content", 4096, first=True), Ticket)
    store.close()
    [told] = office.reported
    assert (told.code, told.facts["area"]) == ("own-area-unusable", lost)
    assert "passbookctl" not in str(told)
    away.rename(office.folder / lost)
    store = office.open()
    assert set(jobs) == {record.job_id for record in store.spool.records()}
    store.close()
    assert office.reported == [told]


def test_a_copied_spool_is_not_bound_to_another_machine_while_an_area_is_away(office: Office) -> None:
    store = office.open()
    jobs = [accept(store, f"r-{number}") for number in range(6)]
    store.close()
    away = (office.folder / "b").rename(office.folder.with_name("away"))
    office.machine.write_text("two\n")
    with pytest.raises(PassbookError, match="area b: it was there"):
        office.open()
    away.rename(office.folder / "b")
    store = office.open()
    assert {store.spool.record(job).right.state for job in jobs} == {RightState.AWAY}
    store.close()


def test_an_area_that_was_rolled_back_is_left_out_in_words_for_a_teller(office: Office) -> None:
    store = office.open()
    accept(store)
    store.close()
    earlier = shutil.copytree(office.folder / "b", office.folder.with_name("earlier"))
    store = office.open()
    for number in range(4):
        accept(store, f"later-{number}")
    store.close()
    shutil.rmtree(office.folder / "b")
    earlier.rename(office.folder / "b")
    store = office.open()
    assert {area.name: area.state for area in store.spool.areas()} == {"a": "ready", "b": "absent"}
    store.close()
    [told] = office.reported
    assert (told.code, told.facts["area"]) == ("own-area-unusable", "b")
    assert "passbookctl" not in str(told)
