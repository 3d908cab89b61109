"""Jobs of two spools with real processes: where they are kept, who feeds the printer, and who prints them."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from demo.world import PRINTER, CommandFailed, await_fact
from passbook.errors import PassbookError
from passbook.job.print_right import RightReply
from passbook.job.record import Told
from passbook.job.states import JobState
from passbook.protocol.messages import JobRef, Nothing, SubmitJob
from passbook.protocol.notice import AcknowledgeNotice
from passbook.protocol.two_spools import ConfirmRight, OfferRight, RegisterAgent, ReportJob, TakeTurn, TurnAnswer
from tests.terminal.agent.agent_world import BOOK, LAYOUT, NOTICE, STATEMENT, AgentWorld

pytestmark = pytest.mark.slow


@pytest.fixture
def office(tmp_path_factory: pytest.TempPathFactory) -> Iterator[AgentWorld]:
    with AgentWorld(tmp_path_factory.mktemp("a")) as world:
        yield world


LINES = 18
"""Runs of the statement on paper are so many or more."""


def choose(keep: str, feed: str, if_apart: str = "ask") -> tuple[str, ...]:
    return ("--keep", keep, "--feed", feed, "--if-apart", if_apart)


def print_all(office: AgentWorld, *choice: str) -> str:
    """Print the statement to its end; the job's id."""
    printing = office.terminal.print_in_background(STATEMENT, BOOK, LAYOUT, *choice)
    assert printing.end() == 0, printing.error() + office.agent.log()
    return printing.job


def stand_in(port: str) -> str:
    return f'apart_after = 1.0\n[[fallback]]\nprinter = "{PRINTER}"\nport = "{port}"\n'


def is_once(struck: list[int]) -> bool:
    return len(struck) >= 3 and set(struck) == {1}


@pytest.mark.long
@pytest.mark.parametrize(
    "choice",
    [
        choose("both", "terminal", "terminal"),
        choose("both", "terminal", "ask"),
        choose("terminal", "terminal", "terminal"),
        choose("both", "appliance", "terminal"),
        choose("appliance", "appliance", "appliance"),
    ],
)
def test_a_job_is_printed_once_whatever_was_chosen_and_both_copies_end(
    office: AgentWorld, choice: tuple[str, ...]
) -> None:
    office.power_up()
    job = print_all(office, *choice)
    assert is_once(office.struck())
    assert office.jobs() == []
    view = office.at_appliance(job)
    assert view["state"] == "completed"
    assert view["fed"]["by"] == choice[3]
    assert not any((office.terminal.home / "agent" / "unanswered").iterdir())
    assert office.own_states(job) == ([] if choice[1] == "appliance" else ["completed"])


@pytest.mark.long
def test_the_choice_of_the_agent_counts_where_the_person_makes_none(office: AgentWorld) -> None:
    office.power_up(config='keep = "both"\nfeed = "terminal"\n')
    job = print_all(office)
    assert office.at_appliance(job)["choice"] == {"keep": "both", "feed": "terminal"}


@pytest.mark.long
def test_a_job_that_is_sent_while_the_appliance_is_off_waits_here_and_is_printed_when_it_is_back(
    office: AgentWorld,
) -> None:
    office.power_up()
    office.world.stop_appliance()
    office.agent.await_log("appliance-away")
    job = office.send("--request", "r-1", *choose("both", "appliance"))
    [row] = office.jobs()
    assert (row["job"], row["side"], row["state"]) == (job, "terminal", "pending")
    with pytest.raises(CommandFailed) as refused:
        office.terminal.run("print", str(NOTICE), "--no-wait", "--keep", "appliance", "--printer", PRINTER)
    assert refused.value.error_code in {"appliance-unreachable", "connection-lost"}
    office.world.start_appliance()
    office.agent.await_log("appliance-reached", 2)
    office.agent.await_log("job-sent")
    following = office.follow(job)
    assert following.end() == 0, following.error()
    assert is_once(office.struck())
    assert office.send("--request", "r-1", *choose("both", "appliance")) == job, "the same request is the same job"
    assert office.jobs() == []


@pytest.mark.long
def test_apart_a_job_with_its_right_here_is_printed_on_the_own_printer_and_the_appliance_hears_of_it(
    office: AgentWorld,
) -> None:
    port = office.own_printer()
    office.power_up(config=stand_in(port))
    office.world.stop_appliance()
    office.agent.await_log("appliance-apart")
    printing = office.print_here(*choose("both", "appliance", "terminal"))
    assert printing.end() == 0, printing.error() + office.agent.log()
    assert is_once(office.struck(office.own))
    office.world.start_appliance()
    office.agent.await_log("appliance-reached", 2)
    office.agent.await_log("job-sent")
    await_fact(lambda: office.at_appliance(printing.job).get("fed") is not None, office.agent.log)
    view = office.at_appliance(printing.job)
    assert (view["state"], view["fed"]) == (
        "completed",
        {"by": "terminal", "why": "appliance-silent", "printer": port},
    )
    assert office.struck() == [], "the appliance prints nothing of it"


@pytest.mark.long
def test_apart_a_job_without_its_right_is_a_question_and_two_people_order_it(
    office: AgentWorld,
) -> None:
    port = office.own_printer()
    office.power_up(config=stand_in(port))
    office.world.stop_appliance()
    office.agent.await_log("appliance-apart")
    job = office.send(*choose("both", "appliance", "ask"))
    await_fact(lambda: len(office.terminal.run("questions")) == 1, office.agent.log)
    [question] = office.terminal.run("questions")
    assert (question["job"]["side"], question["job"]["reasons"]) == ("terminal", ["appliance-silent"])
    with pytest.raises(CommandFailed) as waits:
        office.terminal.run("answer", job, "--print", "--person", "Ann")
    assert waits.value.error_code == "second-person-needed"
    with pytest.raises(CommandFailed):
        office.terminal.run("answer", job, "--print", "--person", "ANN ")
    office.watch_here()
    office.terminal.run("answer", job, "--print", "--person", "Bob")
    await_fact(lambda: is_once(office.struck(office.own)), office.agent.log)
    await_fact(lambda: office.ask_agent("Spooler.GetJob", JobRef(job))["state"] == "completed", office.agent.log)
    office.world.start_appliance()
    await_fact(lambda: office.at_appliance(job).get("state") == "completed", office.agent.log)
    assert office.struck() == []


@pytest.mark.long
def test_no_program_at_its_machine_moves_a_print_right_in_place_of_the_agent(office: AgentWorld) -> None:
    office.power_up()
    # The next job has no turn yet: this one waits for its book.
    office.send(*choose("appliance", "appliance"))
    job = office.send(*choose("both", "terminal", "terminal"))
    words = {
        "Spooler.RegisterAgent": RegisterAgent("0" * 32),
        "Spooler.TakeTurn": TakeTurn(job, 0, 1, TurnAnswer.READY),
        "Spooler.OfferRight": OfferRight(job, 1),
        "Spooler.ConfirmRight": ConfirmRight(job, 1, RightReply.TAKEN),
        "Spooler.ReportJob": ReportJob(job, Told(JobState.PENDING)),
    }
    told = office.ask_agent("Common.Capabilities", Nothing())["interfaces"]
    commands = {command for one in told for command in one["commands"]}
    assert not commands & set(words)
    assert {"Spooler.SetFeed", "Spooler.SetPriority"} <= commands
    for name, payload in words.items():
        with pytest.raises(PassbookError) as refused:
            office.ask_agent(name, payload)
        assert refused.value.code == "not-permitted", name
    asked = SubmitJob("r-2", printer=PRINTER, format="text", layout="sheet", document=NOTICE.read_bytes(), job=job)
    with pytest.raises(PassbookError) as refused:
        office.ask_agent("Spooler.SubmitJob", asked)
    assert refused.value.code == "invalid-message"
    assert "payload.job" in str(refused.value)
    assert office.at_appliance(job)["right"] == "away", "it is with the terminal, as before"


@pytest.mark.long
def test_after_a_cut_of_the_agent_nothing_of_its_spool_prints_until_a_person_says_so(office: AgentWorld) -> None:
    office.power_up()
    office.world.stop_appliance()
    office.agent.await_log("appliance-away")
    job = office.send(*choose("both", "terminal", "terminal"))
    office.agent.kill()
    office.agent.start()
    [question] = office.terminal.run("questions")
    assert (question["job"]["job"], question["job"]["reasons"]) == (job, ["power-loss"])
    office.world.start_appliance()
    office.agent.await_log("appliance-reached", 2)
    assert "job-sent" not in office.agent.log(), "what an earlier boot left is not sent unasked"
    office.terminal.run("answer", job, "--print", "--person", "Ann")
    office.agent.await_log("job-sent")
    following = office.follow(job)
    assert following.end() == 0, following.error() + office.agent.log()
    assert is_once(office.struck())


@pytest.mark.long
def test_a_printer_of_the_network_is_handed_over_and_comes_back(office: AgentWorld) -> None:
    office.power_up()
    office.agent.stop()
    office.world.stop_appliance()
    office.put_on_network()
    office.world.start_appliance()
    office.agent.start()
    office.agent.await_log("appliance-reached", 2)
    for choice in (
        choose("both", "terminal", "ask"),
        choose("terminal", "terminal", "terminal"),
    ):
        printing = office.terminal.print_in_background(STATEMENT, BOOK, LAYOUT, *choice)
        assert printing.end() == 0, printing.error() + office.agent.log()
    office.agent.await_log("printer-given-back", 2)
    assert office.world.log_file.read_text().count('"printer-lent"') == 2
    print_all(office, *choose("appliance", "appliance"))


@pytest.mark.long
def test_a_printer_waits_for_an_agent_that_was_cut_with_it_and_comes_back_with_that(office: AgentWorld) -> None:
    """P15: silence takes no printer from a terminal."""
    short = "[turns]\nreport_wait = 1.0\n"
    office.power_up(extra=short)
    office.agent.stop()
    office.world.stop_appliance()
    office.put_on_network()
    office.world.start_appliance()
    office.agent.start()
    office.agent.await_log("appliance-reached", 2)
    office.send(*choose("both", "terminal"))
    office.agent.await_log("printer-taken")
    office.agent.kill()

    def not_back() -> list[str]:
        problems = office.world.ctl("status")["problems"]
        return [one for one in problems if "counter-1 was handed it" in one]

    await_fact(lambda: bool(not_back()), office.agent.log)
    office.agent.start()
    await_fact(lambda: not not_back(), office.agent.log)
    print_all(office, *choose("appliance", "appliance"))
    assert is_once(office.struck())


@pytest.mark.long
def test_a_second_agent_of_the_same_folder_is_refused_by_a_sentence(office: AgentWorld) -> None:
    office.power_up()
    with pytest.raises(CommandFailed) as refused:
        office.terminal.run("agent")
    assert refused.value.error_code == "area-in-use"


@pytest.mark.long
def test_the_commands_that_may_be_used_are_those_that_would_be_done_now(office: AgentWorld) -> None:
    office.power_up()

    def commands() -> set[str]:
        told = office.ask_agent("Common.Capabilities", Nothing())
        assert told["name"] == office.terminal.name
        return {name for one in told["interfaces"] for name in one["commands"]}

    assert {"Agent.GetSettings", "Spooler.MoveJob", "Spooler.SubmitJob"} <= commands()
    office.world.stop_appliance()
    office.agent.await_log("appliance-apart")
    assert {"Agent.GetSettings", "Spooler.SubmitJob"} <= commands()
    assert "Spooler.MoveJob" not in commands()


@pytest.mark.long
def test_an_own_printer_that_the_appliance_configures_is_not_used_and_that_is_told(office: AgentWorld) -> None:
    office.power_up(config=stand_in(office.appliance_port))
    told = office.ask_agent("Common.Status", Nothing())
    assert any("is one of the appliance" in problem for problem in told["problems"])
    office.world.stop_appliance()
    office.agent.await_log("appliance-apart")
    job = office.send(*choose("both", "appliance", "terminal"))
    assert office.ask_agent("Spooler.GetJob", JobRef(job))["state"] == "pending"
    assert "mechanism-stopped" not in office.agent.log()


@pytest.mark.long
def test_a_request_that_is_sent_again_after_its_agent_died_is_the_same_job(office: AgentWorld) -> None:
    office.power_up()
    first = office.send("--request", "r-1", *choose("both", "appliance"))
    only_there = office.send("--request", "r-2", *choose("appliance", "appliance"))
    office.agent.kill()
    assert office.send("--request", "r-1") == first
    assert office.send("--request", "r-2") == only_there
    past = office.send("--request", "r-3")
    office.agent.start()
    office.agent.await_log("appliance-reached", 2)
    assert office.send("--request", "r-3", *choose("both", "terminal")) == past
    assert [one["job"] for one in office.jobs()] == [first, only_there, past]


@pytest.mark.long
def test_an_end_is_kept_until_a_person_saw_it_also_over_a_cut(office: AgentWorld) -> None:
    office.power_up()
    job = office.send()
    office.world.ctl("cancel", job, "--person", "Otto")
    await_fact(lambda: [one["job"]["job"] for one in office.terminal.run("notices")] == [job], office.agent.log)
    # The appliance has nothing left to tell.
    await_fact(lambda: office.world.ctl("status")["notices"] == 0, office.agent.log)
    office.agent.kill()
    office.world.stop_appliance()
    office.agent.start()
    [notice] = office.terminal.run("notices")
    assert notice["job"]["job"] == job
    seen = office.ask_agent("Spooler.AcknowledgeNotice", AcknowledgeNotice(job))
    assert seen["acknowledged"]["terminal"] == "counter-1"
    assert office.terminal.run("notices") == []


@pytest.mark.long
def test_a_canceled_job_gives_its_right_to_the_appliance_first(office: AgentWorld) -> None:
    office.power_up()
    office.send(*choose("appliance", "appliance"))
    job = office.send(*choose("both", "terminal", "terminal"))
    office.terminal.run("cancel", job, "--person", "Ann")
    assert office.at_appliance(job)["state"] == "canceled"
    assert office.own_states(job) == ["canceled"]


@pytest.mark.long
def test_a_spare_copy_of_an_agent_that_was_cut_is_no_question_and_ends_with_the_job(office: AgentWorld) -> None:
    office.power_up()
    job = office.send(*choose("both", "appliance"))
    office.agent.kill()
    office.agent.start()
    office.agent.await_log("appliance-reached", 2)
    assert office.terminal.run("questions") == []
    following = office.follow(job)
    assert following.end() == 0, following.error()
    assert is_once(office.struck())
    assert office.own_states(job) == ["completed"]


@pytest.mark.long
def test_a_copy_that_was_cut_at_the_terminal_is_not_printed_by_the_appliance_unasked(office: AgentWorld) -> None:
    office.power_up()
    office.send(*choose("appliance", "appliance"))
    job = office.send(*choose("terminal", "terminal"))
    office.agent.kill()
    office.agent.start()
    office.agent.await_log("appliance-reached", 2)
    [question] = office.terminal.run("questions")
    assert (question["job"]["job"], question["job"]["side"]) == (job, "terminal")
    office.terminal.run("answer", job, "--discard", "--person", "Ann")
    assert office.at_appliance(job)["state"] == "canceled"
    assert office.own_states(job) == ["canceled"]


def test_an_idle_agent_takes_less_than_60_mib(office: AgentWorld) -> None:
    office.power_up()
    status = Path(f"/proc/{office.agent.pid}/status").read_text()
    [resident] = [int(line.split()[1]) for line in status.splitlines() if line.startswith("VmRSS")]
    assert resident < 60 * 1024, f"{resident} KiB"


@pytest.mark.long
def test_a_stopped_agent_leaves_in_order_and_says_so_at_the_next_start(office: AgentWorld) -> None:
    office.power_up()
    office.world.stop_appliance()
    office.agent.await_log("appliance-away")
    office.send(*choose("both", "appliance", "terminal"))
    assert office.agent.stop() == 0
    assert not (office.terminal.home / "agent" / "socket").exists()
    office.agent.start()
    [question] = office.terminal.run("questions")
    assert question["job"]["reasons"] == ["restart"]
