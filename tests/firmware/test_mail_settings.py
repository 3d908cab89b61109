from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from firmware.config.configuration import load_configuration
from passbook.mail.routes import Route
from tests.firmware.test_configuration import VALID, refused, written

MAIL: dict[str, Any] = {"listen": "[::1]:2525", "hostname": "branch-17.example"}
HOP: dict[str, Any] = {"name": "head-office", "address": "mail.example:25"}
ROUTES: list[dict[str, Any]] = [
    {"to": ["Window-1@Branch-17.example"], "printer": "counter-1", "networks": ["10.2.0.0/16"], "layout": "sheet"},
    {"to": ["@branch-18.example", "*"], "hop": "head-office", "substitutes": ["counter-1"]},
]


def tree(
    mail: dict[str, Any] | None = None,
    hops: list[dict[str, Any]] | None = None,
    routes: list[dict[str, Any]] | None = None,
    **facts: Any,
) -> dict[str, Any]:
    """VALID with mail; a part that is left out is the one above."""
    return {
        **VALID,
        "mail": MAIL if mail is None else mail,
        "hop": [HOP] if hops is None else hops,
        "route": ROUTES if routes is None else routes,
        **facts,
    }


def route(**facts: Any) -> list[dict[str, Any]]:
    """One route to the printer, with these facts."""
    return [{"to": ["*"], "printer": "counter-1"} | facts]


def test_the_tables_of_mail_are_read_whole(tmp_path: Path) -> None:
    config = load_configuration(written(tmp_path, tree()))
    assert config.mail is not None
    assert config.mail.address == ("::1", 2525)
    assert (config.mail.unknown_senders, config.mail.appliances, config.mail.passwords) == ("refuse", (), None)
    [hop] = config.hops
    assert (hop.place, hop.tls, hop.appliance, hop.give_up_hours) == (("mail.example", 25), "required", False, 24.0)
    assert [one.route for one in config.routes] == [
        Route(("window-1@branch-17.example",), "counter-1", (), ("10.2.0.0/16",), "sheet"),
        Route(("@branch-18.example", "*"), "head-office", ("counter-1",)),
    ]


def test_an_appliance_without_the_table_has_no_mail(tmp_path: Path) -> None:
    config = load_configuration(written(tmp_path, VALID))
    assert (config.mail, config.hops, config.routes) == (None, (), ())


CASES: dict[str, tuple[dict[str, Any], str, str]] = {
    "no table mail": ({**VALID, "route": ROUTES[:1]}, "mail", "[mail]"),
    "jobs need a key": (tree(keys={**VALID["keys"], "own_key_jobs": False}), "keys.own_key_jobs", "true"),
    "no route": (tree(routes=[]), "route", "[[route]]"),
    "no port": (tree(mail={**MAIL, "listen": "mail.example"}), "mail.listen", "0.0.0.0:25"),
    "no name": (tree(mail={**MAIL, "hostname": "a b"}), "mail.hostname", "branch-7.example.com"),
    "hold or refuse": (tree(mail={**MAIL, "unknown_senders": "ask"}), "mail.unknown_senders", '"refuse" or "hold"'),
    "unknown key": (tree(mail={**MAIL, "port": 25}), "mail.port", "listen"),
    "hop without address": (tree(hops=[{"name": "head-office"}]), "hop[0].address", '"0.0.0.0:25"'),
    "hop's protection": (tree(hops=[{**HOP, "tls": "maybe"}]), "hop[0].tls", '"required" or "none"'),
    "hop's hours": (tree(hops=[{**HOP, "give_up_hours": 0}]), "hop[0].give_up_hours", "2160"),
    "certificate without key": (tree(hops=[{**HOP, "certificate": "a.pem"}]), "hop[0].key", "together"),
    "password in clear": (tree(hops=[{**HOP, "tls": "none", "login": "credential:hop"}]), "hop[0].tls", "TLS"),
    "two hops of a name": (tree(hops=[HOP, HOP]), "hop[1].name", "taken"),
    "hop and printer": (tree(hops=[HOP, {**HOP, "name": "counter-1"}]), "hop[1].name", "taken"),
    "neither goal": (tree(routes=[{"to": ["*"]}]), "route[0]", "a printer or a hop"),
    "both goals": (tree(routes=route(hop="head-office")), "route[0]", "a printer or a hop"),
    "no such printer": (tree(routes=route(printer="counter-9")), "route[0].printer", "counter-9"),
    "no such hop": (tree(routes=[{"to": ["*"], "hop": "nowhere"}]), "route[0].hop", "nowhere"),
    "no such substitute": (tree(routes=route(substitutes=["nowhere"])), "route[0].substitutes", "[[hop]]"),
    "its own substitute": (tree(routes=route(substitutes=["counter-1"])), "route[0].substitutes", "itself"),
    "no recipient": (tree(routes=route(to=[])), "route[0].to", "at least one address"),
    "no address": (tree(routes=route(to=["window-1"])), "route[0].to", '"@example.com"'),
    "no domain": (tree(routes=route(to=["@"])), "route[0].to", '"@example.com"'),
    "no network": (tree(routes=route(networks=["10.2.0.0/99"])), "route[0].networks", "networks"),
    "a network with host bits": (tree(routes=route(networks=["10.2.0.1/16"])), "route[0].networks", "networks"),
    "twice": (tree(routes=[*route(), *route()]), "route[1].to", "earlier route"),
    "twice in other letters": (
        tree(routes=[*route(to=["A@b.example"]), *route(to=["a@B.example"])]),
        "route[1].to",
        "earlier route",
    ),
}


@pytest.mark.parametrize(("given", "key", "allowed"), CASES.values(), ids=CASES)
def test_a_mistake_is_named_by_its_key_with_what_is_allowed(
    tmp_path: Path, given: dict[str, Any], key: str, allowed: str
) -> None:
    error = refused(tmp_path, given)
    assert error.facts["key"] == key
    assert allowed in str(error.facts["why"]), error.facts["why"]
