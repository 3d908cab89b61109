"""R1: mail of a sender that proved nothing waits for a representative where the set-up file says so."""

from __future__ import annotations

from demo.mail_servers import free_address
from demo.world import await_fact
from tests.scenarios.books import Statement, judge
from tests.scenarios.clerk import BookClerk
from tests.scenarios.conftest import OpenOffice
from tests.scenarios.mail_office import SENDER, WINDOW, connect, ends_of, jobs_of, mail_settings, update_mail
from tests.scenarios.office import book_of


def test_mail_of_an_unknown_sender_prints_after_a_representative_said_so(open_office: OpenOffice) -> None:
    door = free_address()
    settings = mail_settings(door, networks=["10.9.0.0/16"], more='unknown_senders = "hold"\n')
    office = open_office(settings, own_key_jobs=True)
    unproven, proven = Statement(750, 3), Statement(751, 3)
    books: dict[str, str] = {}
    with BookClerk(office.manager, office.hands, lambda view: books.get(view.job, book_of(proven))):
        with connect(door) as client:
            assert client.send_message(update_mail(unproven), SENDER, [WINDOW]) == {}
        told = office.world.ctl("route", "test", WINDOW, "--at", "127.0.0.1")
        assert (told["taken"], "held for a representative" in " ".join(told["steps"])) == (True, True)
        [question] = office.manager.run("questions")
        job = str(question["job"]["job"])
        books[job] = book_of(unproven)
        assert question["job"]["reasons"] == ["sender-unproven"]
        assert "a sender that proved no identity" in office.manager.screen("questions")
        with connect(door, office.counter) as client:
            assert client.send_message(update_mail(proven), SENDER, [WINDOW]) == {}
        await_fact(lambda: bool(ends_of(office)), lambda: jobs_of(office))
        assert list(office.world.paper.books) == [book_of(proven)]
        assert [one["job"] for one in jobs_of(office)] == [job]
        office.manager.run("answer", job, "--print", "--person", "Ms Okafor")
        await_fact(lambda: len(ends_of(office)) == 2, lambda: jobs_of(office))
    for statement in (unproven, proven):
        judge(office.world.paper, book_of(statement), statement.expected())
    assert [end["state"] for end in ends_of(office)] == ["completed", "completed"]
