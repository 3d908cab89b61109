"""What the appliance remembers: who had lines printed again, and whether its disk is the one of yesterday."""

from __future__ import annotations

import shutil
from contextlib import closing

import apsw
import pytest

from demo.world import PRINTER, CommandFailed
from drivers.simulator.faults import AfterStrike, Target
from passbook.job.states import Reason
from passbook.protocol.progress import MORE_ON_PAPER
from tests.scenarios.books import Statement
from tests.scenarios.office import Office, of_the_store

CUT = AfterStrike(3)
"""Lines 1 and 2 are confirmed, line 3 is on paper and in doubt."""


@pytest.mark.long
def test_lines_on_paper_print_again_when_two_people_at_two_terminals_order_it(office: Office) -> None:
    statement = Statement(400, 4)
    printing, question = office.print_until_cut(statement, Target.BOTH, CUT)
    job = question.job.job
    with pytest.raises(CommandFailed) as told:
        office.answer(office.counter, job, "--print")
    assert (told.value.error_code, told.value.code) == ("second-person-needed", 4)
    with pytest.raises(CommandFailed) as told:
        office.counter.run("answer", job, "--print", "--person", "somebody else")
    assert told.value.error_code == "second-person-needed"
    strikes = office.world.paper.strikes
    [asked] = office.questions()
    assert asked["proposed"]["terminal"] == office.counter.name
    assert strikes == 3
    office.answer(office.manager, job, "--print")
    office.finish(printing)
    lines = list(statement.expected())
    office.judge(statement, *lines[:3])
    *_, end = office.world.ctl("history", "--job", job)
    assert end["entry"]["record"]["reprints"] == 2
    assert end["entry"]["record"]["answered"]["secondedBy"]["terminal"] == office.manager.name
    kinds = [
        told["entry"]["kind"] for told in office.world.ctl("history", "--person", f"person at {office.manager.name}")
    ]
    assert kinds == ["answered", "ended", "acknowledged"]
    [group] = office.world.ctl("history", "--summary", "terminal")
    assert (group["group"], group["jobs"], group["reprinted"]) == (office.counter.name, 1, 1)


def test_another_answer_is_enough_when_nothing_on_paper_prints_again(office: Office) -> None:
    statement = Statement(401, 4)
    printing, question = office.print_until_cut(statement, Target.PRINTER, CUT)
    with pytest.raises(CommandFailed):
        office.answer(office.counter, question.job.job, "--print")
    office.answer(office.counter, question.job.job, "--from-line", "4")
    office.finish(printing)
    office.judge(statement)
    *_, end = office.world.ctl("history")
    assert (end["entry"]["record"]["reprints"], end["entry"]["record"]["answered"]["step"]) == (0, 4)


@pytest.mark.long
def test_a_disk_of_yesterday_is_kept_out_until_an_operator_takes_it(office: Office) -> None:
    """Nothing of it prints, its jobs are not asked about, and all else goes on."""
    world = office.world
    held = [_sent(office, Statement(410 + number, 2)) for number in range(2)]
    world.kill_appliance()
    world.start_appliance()
    assert world.stop_appliance() == 0
    shutil.copytree(world.data / "a", world.folder / "yesterday")
    world.start_appliance()
    for job in held:
        office.world.ctl("cancel", job, "--person", "Otto")
    assert world.stop_appliance() == 0
    shutil.rmtree(world.data / "a")
    shutil.copytree(world.folder / "yesterday", world.data / "a")
    assert [finding["code"] for finding in world.verify_offline()] == ["area-rolled-back"]
    world.start_appliance()
    assert [finding["code"] for finding in office.told("verify")] == ["area-rolled-back"]
    assert office.questions() == []
    statement = Statement(420, 2)
    printing = office.print(statement)
    office.finish(printing)
    office.judge(statement)
    assert "accept-rollback a" in of_the_store(world.ctl("status")["problems"])[0]
    # It is used at once: nothing has to be started again.
    assert world.ctl("accept-rollback", "a", "--person", "Otto")["state"] == "ready"
    status = world.ctl("status")
    assert of_the_store(status["problems"]) == []
    assert "a: ready" in status["areas"]
    assert world.ctl("verify") == []
    [back] = office.questions()
    assert back["job"]["job"] in held
    assert Reason.ROLLED_BACK.value in back["job"]["reasons"]
    # Nobody can know what of it is on paper, so it takes two to have it printed.
    with pytest.raises(CommandFailed) as told:
        office.answer(office.counter, back["job"]["job"], "--print")
    assert told.value.error_code == "second-person-needed"
    office.answer(office.manager, back["job"]["job"], "--discard")


@pytest.mark.long
def test_status_tells_of_altered_rows_until_an_operator_takes_them_as_they_are(office: Office) -> None:
    world = office.world
    for number in range(2):
        _sent(office, Statement(430 + number, 2))
    assert world.stop_appliance() == 0
    with closing(apsw.Connection(str(world.data / "a" / "area.sqlite"))) as connection:
        connection.execute("UPDATE row_sum SET mac = zeroblob(32)")
    world.start_appliance()
    assert [finding["code"] for finding in office.told("verify")] == ["rows-altered"]
    [problem] = of_the_store(world.ctl("status")["problems"])
    assert "accept-rollback a" in problem
    assert world.ctl("accept-rollback", "a")["state"] == "ready"
    assert world.ctl("verify") == []
    assert of_the_store(world.ctl("status")["problems"]) == []


@pytest.mark.long
def test_the_end_of_a_job_that_was_asked_about_with_a_row_missing_says_that_more_may_be_on_paper(
    office: Office,
) -> None:
    world = office.world
    jobs = [_sent(office, Statement(440 + number, 1)) for number in range(4)]
    assert world.stop_appliance() == 0
    with closing(apsw.Connection(str(world.data / "a" / "area.sqlite"))) as connection:
        connection.execute("DELETE FROM job WHERE request_id = (SELECT min(request_id) FROM job)")
    world.start_appliance()
    left = office.questions()
    assert len(left) == len(jobs) - 1
    assert all(Reason.ROLLED_BACK.value in asked["job"]["reasons"] for asked in left)
    first, second, third = (asked["job"]["job"] for asked in left)
    assert MORE_ON_PAPER in world.ctl("cancel", first, "--person", "Otto")["says"]
    assert MORE_ON_PAPER in office.counter.screen("cancel", second, "--person", "Ann")
    office.counter.run("answer", third, "--discard", "--person", "Ann")
    notices = {one["job"]["job"]: one for one in world.ctl("notices")}
    assert all(Reason.ROLLED_BACK.value in notices[job]["job"]["reasons"] for job in (first, third))
    shown = office.manager.screen("notices", first)
    assert "0 of 1 lines are on paper. More may be on paper: look at it." in shown


def _sent(office: Office, statement: Statement) -> str:
    """A job that nobody brings the book for; each lies in the area that has more room."""
    file = statement.save(office.world.folder)
    accepted = office.counter.run("print", str(file), "--printer", PRINTER, "--no-wait")
    return str(accepted["payload"]["job"])
