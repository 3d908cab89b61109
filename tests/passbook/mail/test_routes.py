from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from passbook.mail.mail_address import MailAddress, parse_mail_address
from passbook.mail.routes import ANY, Caller, Route, find_route, is_in, judge_recipient

WINDOW = parse_mail_address("Window-1@branch.example")
WHOLE = Route(("window-1@branch.example",), "window-1", networks=("10.2.0.0/16", "2001:db8::/32"))
DOMAIN = Route(("@branch.example",), "window-2")
REST = Route((ANY,), "head-office")
INSIDE, OUTSIDE = Caller("10.2.3.4"), Caller("10.3.3.4")
PROVEN = Caller("10.3.3.4", "teller-1")


@pytest.mark.parametrize("routes", [(WHOLE, DOMAIN, REST), (REST, DOMAIN, WHOLE)])
def test_the_whole_address_wins_over_its_domain_and_that_over_any(routes: tuple[Route, ...]) -> None:
    assert find_route(routes, WINDOW) == WHOLE
    assert find_route(routes, MailAddress("other", "branch.example")) == DOMAIN
    assert find_route(routes, MailAddress("window-1", "sub.branch.example")) == REST
    assert find_route((WHOLE, DOMAIN), MailAddress("window-1", "elsewhere.example")) is None


names = st.sampled_from(["a", "b", "c"])
addresses = st.builds(MailAddress, names, names.map(lambda name: f"{name}.example"))
places = addresses.map(str) | addresses.map(lambda one: f"@{one.domain}") | st.just(ANY)


@st.composite
def route_tables(draw: st.DrawFn) -> list[Route]:
    """Routes as the set-up file has them: each place in one of them alone."""
    taken = draw(st.lists(places, unique=True, max_size=8))
    return [Route((place,), f"goal-{number}") for number, place in enumerate(taken)]


@given(route_tables(), addresses, st.randoms(use_true_random=False))
def test_the_order_of_routes_decides_nothing(
    routes: list[Route], recipient: MailAddress, random: st.DataObject
) -> None:
    shuffled = list(routes)
    random.shuffle(shuffled)  # type: ignore[attr-defined]
    assert find_route(routes, recipient) == find_route(shuffled, recipient)


@given(route_tables(), addresses, st.sampled_from([INSIDE, PROVEN]))
def test_a_recipient_has_a_route_that_names_it_or_an_error_and_the_steps_say_why(
    routes: list[Route], recipient: MailAddress, caller: Caller
) -> None:
    judged = judge_recipient(routes, recipient, caller)
    assert judged.steps
    assert all(step.endswith(".") for step in judged.steps)
    if judged.route is None:
        assert judged.error is not None
        assert judged.error.code == "mail-recipient-unknown"
        assert not {recipient.key, f"@{recipient.domain}", ANY} & {place for route in routes for place in route.to}
    else:
        assert {recipient.key, f"@{recipient.domain}", ANY} & set(judged.route.to)
        assert judged.route.goal in judged.steps[0]
        assert (judged.error is None) == bool(caller.name)


@pytest.mark.parametrize(("caller", "code"), [(INSIDE, ""), (PROVEN, ""), (OUTSIDE, "mail-sender-unknown")])
def test_a_sender_needs_a_proof_or_a_network_of_the_route(caller: Caller, code: str) -> None:
    judged = judge_recipient((WHOLE, DOMAIN), WINDOW, caller)
    assert judged.route == WHOLE
    assert (judged.error.code if judged.error else "") == code
    assert caller.address in judged.steps[-1] or caller.name in judged.steps[-1]


def test_a_network_of_another_route_lets_no_sender_in() -> None:
    judged = judge_recipient((WHOLE, DOMAIN), MailAddress("other", "branch.example"), INSIDE)
    assert judged.error is not None
    assert judged.error.code == "mail-sender-unknown"


@pytest.mark.parametrize(
    ("address", "inside"),
    [
        ("10.2.0.1", True),
        ("::ffff:10.2.0.1", True),
        ("2001:db8::1", True),
        ("10.3.0.1", False),
        ("::10.2.0.1", False),
        ("2001:db9::1", False),
        ("", False),
        ("10.2.0.1.example", False),
        ("fe80::1%eth0", False),
    ],
)
def test_an_address_is_in_a_network_by_its_value(address: str, inside: bool) -> None:
    assert is_in(address, WHOLE.networks) is inside
