from __future__ import annotations

import itertools
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Final

import pytest

from tests.fuzz.growth import MAIL_UNITS, MOST, UNITS, cost_of, superlinear
from tests.fuzz.targets import TARGETS, check_of, seeds

LARGEST: Final = 64 * 1024
HOLE: Final = "~"
"""Stands where an input grows."""

HOLES: Final[dict[str, tuple[str, ...]]] = {
    "documents": (
        "# start: a~b\n",
        "# layout: a\n# account: a\n# currency: EUR\n~",
        "# layout: a\n# account: a\n# currency: EUR\ndate,text,withdrawal,deposit,balance\n~",
        "# layout: a\n# account: a\n# currency: EUR\ndate,text,withdrawal,deposit,balance\n2026-03-02,a~,,,\n",
        '{"layout":"a","account":"a","currency":"EUR","entries":[{"date":"2026-03-02","text":"~"}]}',
        '{"layout":"a","account":"a","currency":"EUR","entries":[~{"date":"2026-03-02"}]}',
        '{"layout":"a","account":"a","currency":"EUR","entries":[{"date":"2026-03-02","balance":"~"}]}',
        '{"form":"a","fields":{"a":"~"}}',
        '{"form":"a","fields":{~"a":""}}',
        '{"form":"a","fields":{"~":""}}',
    ),
    "messages": (
        '{"header":{"name":"~","type":"command","requestId":1},"payload":{}}',
        '{"header":{"name":"a","type":"command"},"payload":{"job":"~"}}',
        '{"header":{"name":"a","type":"command"},"payload":{"~":1}}',
        '{"header":{"name":"a","type":"command"},"payload":{"verdict":"~"}}',
        '{"header":{"name":"a","type":"command"},"payload":{"verdict":"print","person":"a","keys":{~"a":"AA=="}}}',
        '{"header":{"name":"a","type":"command"},"payload":{~"a":1}}',
        '{"header":{"name":"a","type":"command"},"payload":{"epoch":~}}',
    ),
    "mailpaths": (
        "FROM:<~>",
        "FROM:<a@b> ~",
        "FROM:<a@b> ENVID=~",
        "TO:<a@~>",
        "TO:<a@b> NOTIFY=~",
        "TO:<a@b> ORCPT=~;a",
    ),
    "mails": (
        "Subject: ~\r\n\r\na",
        "Subject: a\r\n~\r\n\r\na",
        "Date: ~\r\n\r\na",
        "Passbook-Trace: ~\r\n\r\na",
        'Content-Type: text/plain; a="~"\r\n\r\na',
        "Content-Type: multipart/mixed; boundary=~\r\n\r\na",
        "Content-Type: multipart/mixed; boundary=a\r\n\r\n~",
        "Content-Type: multipart/mixed; boundary=a\r\n\r\n--a\r\n~\r\n\r\nx\r\n--a--\r\n",
        "Content-Transfer-Encoding: base64\r\n\r\n~",
        "Content-Transfer-Encoding: quoted-printable\r\n\r\n~",
        "Content-Disposition: attachment; filename*0=~\r\n\r\na",
        "\r\n~",
    ),
    "operators": ('{"command":"~"}', '{"command":"status","arguments":{~"a":1}}', '{"command":"status","arguments":~}'),
    "placings": ("\0\1~", " \0~", "\0\1a\n~b"),
    "frames": ("\x1bs~\x1c", "\x1ba~\x1bZ"),
    "imported": (
        "\1# layout: a\n# account: a\n# currency: EUR\ndate;text;withdrawal;deposit;balance\n~",
        "\1# layout: a\n# account: a\n# currency: EUR\ndate;text;withdrawal;deposit;balance\n~;a;;;\n",
        "\1# layout: a\n# account: a\n# currency: EUR\ndate;text;withdrawal;deposit;balance\n05.01.2026;a;~;;\n",
        "\1# layout: a\n# account: a\n# currency: EUR\n~;text\n",
        "\1sep=~\n",
    ),
    "imports": ("encoding = ~", '[columns]\ndate = "~"', "columns.ignored = [~]", "[columns.others]\n~"),
    "layouts": ("kind = ~", 'name = "~"', "a = [~]"),
    "profiles": ("kind = ~", 'name = "~"', "a = [~]"),
    "configurations": ("kind = ~", 'name = "~"', "a = [~]"),
    "papers": ('{"books":{~}}', '{"books":~}'),
}


BINARY: Final = frozenset(
    {
        "certificates",
        "envelopes",
        "frames",
        "hostbytes",
        "keyrings",
        "plans",
        "requests",
        "rows",
        "slipframes",
        "sliphosts",
    }
)
"""Targets that read no text, so that few families are different to them."""
BYTES: Final = frozenset({"letters", "digits", "nulls", "no UTF-8", "escape codes", "stripes", "lines"})


OF_MAIL: Final = frozenset({"mailpaths", "mails"})
"""Targets that read mail, which has families of its own."""


@dataclass(frozen=True)
class Family:
    """Inputs of any size: `unit` so often, between `before` and `behind`."""

    before: bytes
    unit: Callable[[int], bytes]
    behind: bytes

    def __call__(self, size: int) -> bytes:
        """About so many bytes."""
        return self.before + self.unit(size) + self.behind


def inputs(target: str) -> Iterator[tuple[str, Family]]:
    """Families of inputs of a target that grow: everything that can, in every hole, alone, and behind a seed."""
    cut = (one.encode().partition(HOLE.encode()) for one in (HOLE, *HOLES.get(target, ())))
    holes = [*((before, behind) for before, _, behind in cut), (seeds(target)[0], b"")]
    for number, (before, behind) in enumerate(holes):
        units = UNITS if target not in BINARY | OF_MAIL else {name: UNITS[name] for name in BYTES}
        units = {**units, **MAIL_UNITS} if target in OF_MAIL else units
        for name, unit in units.items():
            yield f"{name} in hole {number}", Family(before, unit, behind)


@pytest.mark.long
@pytest.mark.parametrize("target", TARGETS)
def test_twice_the_input_costs_a_codec_no_more_than_twice_as_much(target: str) -> None:
    check = check_of(target)
    found = {name: superlinear(cost_of(check, family), LARGEST) for name, family in inputs(target)}
    assert {name: grown for name, grown in found.items() if grown} == {}


def square(data: bytes) -> None:
    """A codec as one is easily written: a pattern that begins anew at every blank."""
    re.search(rb" *x", data)


def line_by_line(data: bytes) -> None:
    """A codec that is linear and not quick."""
    for line in data.split(b"\n"):
        line.strip()


@pytest.mark.long
def test_a_codec_that_takes_the_square_is_found() -> None:
    assert superlinear(cost_of(square, UNITS["blanks"]), LARGEST)
    assert superlinear(cost_of(lambda data: [data[:one] for one in range(len(data))], UNITS["letters"]), 1024 * 1024)
    assert not superlinear(cost_of(square, UNITS["letters"]), LARGEST)
    assert not superlinear(cost_of(line_by_line, UNITS["lines"]), LARGEST)


def costs(power: float, load: Callable[[], float] = lambda: 1.0) -> Callable[[int], float]:
    """A cost that grows with a power of the size, times what the load of the machine adds."""
    return lambda size: 1e-7 * size**power * load()


@pytest.mark.parametrize("power", [1.35, 1.5, 2, 3])
def test_what_grows_too_fast_is_found_however_loaded_the_machine_is(power: float) -> None:
    loads = itertools.cycle([1.0, 3.0, 1.0, 1.0, 7.0])
    found = superlinear(costs(power, lambda: next(loads)), 1 << 24)
    assert found is not None
    assert found.ratio > MOST


@pytest.mark.parametrize("power", [0, 0.5, 1, 1.2])
def test_what_is_linear_is_never_found_however_loaded_the_machine_is(power: float) -> None:
    loads = itertools.cycle([1.0, 1.0, 9.0, 5.0, 1.0, 9.0, 2.0])
    assert superlinear(costs(power, lambda: next(loads)), 1 << 24) is None


def test_what_costs_nothing_at_the_largest_size_is_not_judged() -> None:
    assert superlinear(lambda size: size**2 * 1e-15, 1 << 10) is None


def test_every_target_with_holes_is_one() -> None:
    assert HOLES.keys() <= set(TARGETS)
    assert all(one.count(HOLE) == 1 for holes in HOLES.values() for one in holes)
