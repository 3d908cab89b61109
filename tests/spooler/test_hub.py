from __future__ import annotations

from passbook.job.actor import Actor
from spooler.hub import Hub, Listener
from tests.firmware.branch import MANAGER, OTHER, TELLER, Ear

SUPERVISOR = Actor.of_terminal("supervisor", representative=True, serial=9)


def test_a_terminal_is_connected_as_long_as_one_of_its_connections_is() -> None:
    hub, first, second = Hub(), Ear(TELLER), Ear(TELLER)
    for ear in (first, second):
        hub.join(ear)
    assert hub.connected(TELLER.name)
    hub.leave(first)
    assert hub.names() == (TELLER.name,)
    hub.leave(second)
    assert (hub.connected(TELLER.name), hub.names(), hub.everybody()) == (False, (), [])


def test_watchers_are_told_of_each_connection_once() -> None:
    hub, told = Hub(), list[tuple[Listener, bool, bool]]()
    hub.watchers.append(lambda listener, came: told.append((listener, came, hub.connected(TELLER.name))))
    first, second = Ear(TELLER), Ear(TELLER)
    hub.join(first)
    hub.join(second)
    hub.leave(first)
    hub.leave(first)
    hub.leave(second)
    assert told == [(first, True, True), (second, True, True), (first, False, True), (second, False, False)]


def test_news_goes_to_the_requester_and_only_when_asked_to_representatives() -> None:
    hub = Hub()
    ears = {actor.name: Ear(actor) for actor in (TELLER, OTHER, MANAGER, SUPERVISOR)}
    for ear in ears.values():
        hub.join(ear)
    hub.tell(TELLER.name, "private", 1, representatives=False)
    hub.tell(TELLER.name, "public", 2, representatives=True)
    assert ears[TELLER.name].names() == ["private", "public"]
    assert ears[OTHER.name].names() == []
    assert ears[MANAGER.name].names() == ears[SUPERVISOR.name].names() == ["public"]


def test_a_representative_hears_of_its_own_job_once() -> None:
    hub, ear = Hub(), Ear(MANAGER)
    hub.join(ear)
    hub.tell(MANAGER.name, "news", 1, representatives=True)
    assert ear.heard == [("news", 1)]


def test_a_connection_that_leaves_while_news_is_spread_disturbs_nobody() -> None:
    hub = Hub()

    class Leaves(Ear):
        def post(self, name: str, payload: object) -> None:  # type: ignore[explicit-override]  # Python 3.12
            super().post(name, payload)
            hub.leave(self)

    ears = [Leaves(TELLER), Ear(TELLER)]
    for ear in ears:
        hub.join(ear)
    hub.tell(TELLER.name, "news", 1, representatives=False)
    assert ears[1].names() == ["news"]
    assert hub.everybody() == [ears[1]]
