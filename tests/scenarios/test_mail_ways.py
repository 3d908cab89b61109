"""R2: mail on its way over appliances and mail servers: each copy is on paper once, and none goes in a circle."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Final, NamedTuple

import pytest

from demo.mail_servers import Postfix, free_address, why_no_postfix
from demo.world import World, await_fact
from terminal.home import Home
from tests.needed import need
from tests.scenarios.books import Statement, judge
from tests.scenarios.clerk import BookClerk
from tests.scenarios.conftest import an_office
from tests.scenarios.mail_office import SENDER, connect, ends_of, jobs_of, mail_settings, update_mail
from tests.scenarios.office import Office, book_of

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
    """A free one for each office."""
    return {name: free_address() for name in ("a", "b", "c")}


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


class Relay:
    """A mail server that knows where each office is."""

    def __init__(self, folder: Path, addresses: dict[str, str], home: Home) -> None:
        ways = {domain_of(name): place for name, place in addresses.items()}
        self._queue = folder / "postfix" / "queue"
        self.server = Postfix(folder / "postfix", ways, certificate=home.certificate, key=home.key)

    def queued(self) -> int:
        """Mails in its queue, in whatever folder of it."""
        places = [self._queue / name for name in ("incoming", "active", "deferred")]
        return sum(1 for place in places for file in place.rglob("*") if file.is_file())

    def await_queue(self, count: int) -> None:
        """Wait until so many mails are in its queue."""
        await_fact(lambda: self.queued() == count, lambda: self.server.log)


@pytest.fixture
def relay(furnished: World, addresses: dict[str, str]) -> Iterator[Relay]:
    """It runs."""
    need("postfix")
    if why_no_postfix():
        pytest.skip("this machine lets only root start a postfix")
    with TemporaryDirectory(prefix="pb-") as name:
        folder = Path(name)
        folder.chmod(0o755)  # its processes are those of another user
        relay = Relay(folder, addresses, Home(furnished.terminal("counter-1").home))
        with relay.server:
            yield relay


@pytest.mark.long
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


def asked(branch: Branch, name: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = branch.offices[name].questions()
    return found


@pytest.mark.long
def test_a_mail_server_between_two_appliances_may_stop_and_start_and_the_mail_is_on_paper_once(
    open_branch: OpenBranch, addresses: dict[str, str], relay: Relay
) -> None:
    statement = Statement(742, 3)
    branch = open_branch({"b": "", "a": way("b", "relay", relay.server.address, appliance=False)}, statement)
    away = branch.offices["b"]
    away.world.kill_appliance()
    branch.send(addresses["a"], statement, "b")
    relay.await_queue(1)
    await_fact(lambda: ends_of(branch.offices["a"]) != [], lambda: jobs_of(branch.offices["a"]))
    relay.server.stop()
    assert relay.queued() == 1
    away.world.start_appliance()
    relay.server.start()
    branch.await_paper("b")
    relay.await_queue(0)
    # A sender that had no reply sends the same mail once more, over either way.
    branch.send(addresses["a"], statement, "b")
    branch.send(relay.server.address, statement, "b")
    relay.await_queue(0)
    branch.judge(statement, "b")


@pytest.mark.long
def test_a_mail_server_splits_a_broadcast_and_no_appliance_hands_it_on(open_branch: OpenBranch, relay: Relay) -> None:
    statement = Statement(743, 3)
    branch = open_branch({"a": "", "b": ""}, statement)
    branch.send(relay.server.address, statement, "a", "b")
    branch.await_paper("a", "b")
    branch.judge(statement, "a", "b")
