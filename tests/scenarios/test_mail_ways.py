"""R2: mail on its way over appliances and mail servers: each copy is on paper once, and none goes in a circle."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final, NamedTuple

import pytest

from demo.world import World, await_fact
from tests.scenarios.books import Statement, judge
from tests.scenarios.clerk import BookClerk
from tests.scenarios.conftest import an_office
from tests.scenarios.mail_office import SENDER, connect, ends_of, free_address, jobs_of, mail_settings, update_mail
from tests.scenarios.office import Office, book_of
from tests.scenarios.postfix import Postfix, need_postfix

HERE: Final = 'networks = ["127.0.0.0/8"]\n'


def domain_of(name: str) -> str:
    return f"{name}.example"


def window_at(name: str) -> str:
    """The address of the one printer of an office."""
    return f"window-1@{domain_of(name)}"


def way(to: Sequence[str], over: str, address: str, *, appliance: bool) -> str:
    """TOML of a next hop, and of the route to it for mail of these offices."""
    named = ", ".join(f'"@{domain_of(one)}"' for one in to)
    kind = str(appliance).lower()
    hop = f'[[hop]]\nname = "{over}"\naddress = "{address}"\ntls = "none"\nappliance = {kind}\n'
    return f'{hop}[[route]]\nto = [{named}]\nhop = "{over}"\n{HERE}'


class Branch(NamedTuple):
    """Offices by name, each with its own paper, and the addresses of their mail doors."""

    offices: dict[str, Office]
    addresses: dict[str, str]

    def send(self, address: str, statement: Statement, *names: str) -> None:
        """A mail to these offices goes in at an address."""
        mail = update_mail(statement, f"<{statement.number}@bank.example>")
        with connect(address) as client:
            assert client.send_message(mail, SENDER, [window_at(name) for name in names]) == {}

    def await_paper(self, *names: str) -> None:
        """Wait until a job of the printer has ended in each of these offices."""
        for name in names:
            office = self.offices[name]
            await_fact(lambda office=office: printed(office) != [], lambda office=office: ends_of(office))  # type: ignore[misc]

    def judge(self, statement: Statement, *names: str) -> None:
        """The paper of these offices has each line once, and that of all others is empty."""
        for name, office in self.offices.items():
            if name in names:
                assert printed(office) == ["completed"]
                judge(office.world.paper, book_of(statement), statement.expected())
            else:
                assert office.world.paper.strikes == 0


def printed(office: Office) -> list[str]:
    """The states in which jobs of the printer have ended."""
    return [str(end["state"]) for end in ends_of(office) if end["printer"] == "window-1"]


OpenBranch = Callable[..., Branch]


@pytest.fixture
def addresses() -> dict[str, str]:
    """A free one for each office, and for the mail server."""
    return {name: free_address() for name in ("a", "b", "c", "relay")}


@pytest.fixture
def open_branch(furnished: World, addresses: dict[str, str]) -> Iterator[OpenBranch]:
    """Open offices with these ways, each with people at its printer."""
    with ExitStack() as stack:

        def opened(ways: dict[str, str], statement: Statement) -> Branch:
            offices = {}
            for name, more in ways.items():
                settings = mail_settings(addresses[name], domain=domain_of(name)) + more
                office = stack.enter_context(an_office(furnished, settings, own_key_jobs=True))
                stack.enter_context(BookClerk(office.manager, office.hands, lambda _view: book_of(statement)))
                offices[name] = office
            return Branch(offices, addresses)

        yield opened


@pytest.fixture
def postfix(addresses: dict[str, str]) -> Iterator[Postfix]:
    """A mail server that knows where each office is; it is not started."""
    need_postfix()
    with TemporaryDirectory(prefix="pb-") as folder:
        domains = {domain_of(name): place for name, place in addresses.items() if name != "relay"}
        server = Postfix(Path(folder), addresses["relay"], domains)
        try:
            yield server
        finally:
            server.close()


def test_a_broadcast_over_two_networks_is_on_each_paper_once(
    open_branch: OpenBranch, addresses: dict[str, str]
) -> None:
    """The last office is reached by the second one alone."""
    statement = Statement(740, 3)
    ways = {
        "c": "",
        "b": way("c", "c", addresses["c"], appliance=True),
        "a": way("bc", "b", addresses["b"], appliance=True),
    }
    branch = open_branch(ways, statement)
    branch.send(addresses["a"], statement, "a", "b", "c")
    branch.await_paper("a", "b", "c")
    branch.judge(statement, "a", "b", "c")


def test_a_mail_that_two_appliances_send_in_a_circle_is_refused_where_it_came_from(
    open_branch: OpenBranch, addresses: dict[str, str]
) -> None:
    statement = Statement(741, 3)
    ways = {"a": way("c", "b", addresses["b"], appliance=True), "b": way("c", "a", addresses["a"], appliance=True)}
    branch = open_branch(ways, statement)
    branch.send(addresses["a"], statement, "c")
    await_fact(lambda: asked(branch, "b") != [], lambda: branch.offices["b"].told("jobs"))
    [question] = asked(branch, "b")
    assert "next-hop-refused" in question["job"]["reasons"]
    assert "mail-loop" in branch.offices["a"].world.log_file.read_text()
    branch.judge(statement)


def asked(branch: Branch, name: str) -> list[dict[str, object]]:
    found: list[dict[str, object]] = branch.offices[name].questions()
    return found


def test_a_mail_server_between_two_appliances_may_stop_and_start_and_the_mail_is_on_paper_once(
    open_branch: OpenBranch, addresses: dict[str, str], postfix: Postfix
) -> None:
    statement = Statement(742, 3)
    branch = open_branch({"b": "", "a": way("b", "relay", addresses["relay"], appliance=False)}, statement)
    away = branch.offices["b"]
    away.world.kill_appliance()
    postfix.start()
    branch.send(addresses["a"], statement, "b")
    await_fact(lambda: postfix.queued() == 1, postfix.log)
    await_fact(lambda: ends_of(branch.offices["a"]) != [], lambda: jobs_of(branch.offices["a"]))
    postfix.stop()
    assert postfix.queued() == 1
    away.world.start_appliance()
    postfix.start()
    postfix.flush()
    branch.await_paper("b")
    await_fact(lambda: postfix.queued() == 0, postfix.log)
    # The sender had no reply, and sends the same mail once more.
    branch.send(addresses["a"], statement, "b")
    branch.send(addresses["relay"], statement, "b")
    await_fact(lambda: postfix.queued() == 0, postfix.log)
    branch.judge(statement, "b")


def test_a_mail_server_splits_a_broadcast_and_no_appliance_hands_it_on(
    open_branch: OpenBranch, addresses: dict[str, str], postfix: Postfix
) -> None:
    statement = Statement(743, 3)
    branch = open_branch({"a": "", "b": ""}, statement)
    postfix.start()
    branch.send(addresses["relay"], statement, "a", "b")
    branch.await_paper("a", "b")
    branch.judge(statement, "a", "b")
