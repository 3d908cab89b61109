"""The spool of a terminal and its network, as a person reads of them."""

from __future__ import annotations

from typing import Any

import pytest
from msgspec.structs import replace

from passbook.job.choice import IfApart, Keep, Side
from passbook.protocol.finding import Finding
from passbook.protocol.two_spools import AgentSettings
from terminal.spool_figures import spool_lines

USUAL = AgentSettings(
    Keep.BOTH,
    Side.APPLIANCE,
    IfApart.ASK,
    jobs=3,
    used=12 * 2**20,
    most=128 * 2**20,
    percent=9,
    start_at=85,
    round_trip=4,
    queued=2048,
)


def test_it_says_how_full_it_is_what_it_takes_and_how_the_network_is() -> None:
    assert spool_lines(USUAL) == [
        "The spool of this terminal keeps 3 jobs in 12 of 128 MiB. It is 9 percent full.",
        "It takes documents.",
        "Where no person or rule chooses, both spools keep a document, and the appliance's copy is printed.",
        "While the other side is silent, people are asked.",
        "The appliance answers within 4 ms; 2 KiB of documents wait to be sent.",
        "The network is not busy.",
    ]


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        (
            {"stopped": "spool-nearly-full", "since": "19:20"},
            "It has taken no document since 19:20: it is nearly full. It takes them again below 85 percent.",
        ),
        ({"stopped": "spool-nearly-full"}, "It takes no document: its disk has no space for one."),
        (
            {"findings": (Finding("area-fenced", "Area b is out of use."),)},
            "Problem: Area b is out of use.",
        ),
        ({"stopped": "spool-fenced"}, "It takes no document: the storage of a spool is out of use."),
        ({"silent": 240}, "The appliance has not answered for 4 min."),
        ({"busy": "an answer takes 450 ms"}, "The network is busy: an answer takes 450 ms."),
        ({"if_apart": IfApart.TERMINAL}, "While the other side is silent, this terminal prints by itself."),
    ],
)
def test_each_state_has_its_sentence(changed: dict[str, Any], said: str) -> None:
    lines = spool_lines(replace(USUAL, **changed))
    assert said in lines
    assert said not in spool_lines(USUAL)
    assert not (changed.get("silent") and any("network" in line for line in lines))
