"""How the cost of a codec grows with its input, measured so that a loaded machine cannot make it look worse.

Cost is processor time of this thread, the least of several runs.  Load can make one measurement too large and none
too small, so a codec is only called superlinear when measurement after measurement says so.
"""

from __future__ import annotations

import gc
import itertools
import math
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from types import MappingProxyType
from typing import Final, NamedTuple

Cost = Callable[[int], float]
"""Size -> seconds."""

MOST: Final = 2.5
"""What twice the input may cost, in times of what the input costs; 2 is linear."""
FIRST: Final = 256
ENOUGH: Final = 0.008
"""Seconds at which a cost is told apart from what every call costs; the size is doubled until then."""
TRIES: Final = 8
"""So many measurements, each of which can only show that it costs less, must leave it at too much."""
FAIR: Final = 3
"""So many measurements before a cost is acquitted: load may have hit only what the input costs."""
STEPS: Final = 3
"""So many doublings, one behind the other, must each cost too much: a new page of memory or the end of what is cheap
(the first bytes of a frame) makes one or two dear; a power of the size makes every one dear."""


class Grown(NamedTuple):
    """At `size` and twice that: what twice the input costs, in times of what the input costs."""

    size: int
    ratio: float


def superlinear(cost: Cost, largest: int) -> Grown | None:
    """Where twice the input costs more than MOST times as much; None where it does not, or costs nothing to speak of.

    `cost` is asked about sizes up to `largest`, and about larger ones only to confirm what was found.
    """
    size = FIRST
    while size * 2 <= largest:
        if cost(size * 2) > ENOUGH:
            steps = (_grown(cost, size << step) for step in range(STEPS))
            found = list(itertools.takewhile(lambda grown: grown is not None, steps))
            return found[0] if len(found) == STEPS else None
        size *= 2
    return None


def _grown(cost: Cost, size: int) -> Grown | None:
    """What a doubling from `size` costs, where TRIES measurements leave it at more than MOST; else None."""
    once = twice = math.inf
    for tried in range(1, TRIES + 1):
        once, twice = min(once, cost(size)), min(twice, cost(size * 2))
        if tried >= FAIR and twice <= MOST * once:
            return None
    return Grown(size, twice / once)


def cost_of(work: Callable[[bytes], object], family: Callable[[int], bytes]) -> Cost:
    """The least processor time that `work` takes for an input of a family."""

    def cost(size: int) -> float:
        data = family(size)
        with _no_collection():
            first = _timed(work, data)
            # A cost of a moment is repeated, as the clock is coarse; a long one says enough the first time.
            return first if first > ENOUGH else min(first, _timed(work, data), _timed(work, data))

    return cost


def _timed(work: Callable[[bytes], object], data: bytes) -> float:
    begun = time.thread_time()
    work(data)
    return max(time.thread_time() - begun, 1e-6)


@contextmanager
def _no_collection() -> Iterator[None]:
    """The collector of cycles looks at what other tests left too."""
    gc.disable()
    try:
        yield
    finally:
        gc.enable()


UNITS: Final[Mapping[str, Callable[[int], bytes]]] = MappingProxyType(
    {
        "blanks": lambda n: b" " * n,
        "tabs": lambda n: b"\t" * n,
        "lines": lambda n: b"\n" * n,
        "returns": lambda n: b"\r" * n,
        "quotes": lambda n: b'"' * n,
        "commas": lambda n: b"," * n,
        "quoted": lambda n: b'"",' * (n // 3),
        "backslashes": lambda n: b"\\" * n,
        "escapes": lambda n: b"\\u0301" * (n // 6),
        "two escapes": lambda n: b"\\u0301" * (n // 12) + b"\\u0323" * (n // 12),
        "letters": lambda n: b"a" * n,
        "points": lambda n: b"a." * (n // 2),
        "digits": lambda n: b"9" * n,
        "nulls": bytes,
        "no UTF-8": lambda n: b"\xff" * n,
        "escape codes": lambda n: b"\x1b" * n,
        "stripes": lambda n: b"\x1bs" * (n // 2),
        "marks": lambda n: "\u0301".encode() * (n // 4) + "\u0323".encode() * (n // 4),
        "marks in turn": lambda n: "\u0301\u0323".encode() * (n // 4),
        "marks of two": lambda n: "\u0f73".encode() * (n // 3),
        "marked letters": lambda n: ("a" + "\u0301\u0323" * 15).encode() * (n // 61),
        "arrays": lambda n: b"[" * n,
        "closed arrays": lambda n: b"[" * (n // 2) + b"]" * (n // 2),
        "objects": lambda n: b'{"a":' * (n // 5),
        "inline tables": lambda n: b"{a=" * (n // 3),
        "same keys": lambda n: b'"a":1,' * (n // 6),
        "new keys": lambda n: b",".join(b'"%d":1' % number for number in range(n // 9)),
        "key lines": lambda n: b"# start: ask\n" * (n // 13),
        "settings": lambda n: b"".join(b"k%d = 1\n" % number for number in range(n // 11)),
        "tables": lambda n: b"".join(b"[a%d]\n" % number for number in range(n // 8)),
        "lists of tables": lambda n: b"[[a]]\n" * (n // 6),
        "rows": lambda n: b"2026-03-02,a,,1.00,1.00\n" * (n // 24),
        "entries": lambda n: b'{"date":"2026-03-02","text":"a"},' * (n // 33),
    }
)
"""What can grow in an input, by name: size -> about so many bytes."""

_HOLDER: Final = b"--b%d\r\nContent-Type: multipart/mixed; boundary=b%d\r\n\r\n"

MAIL_UNITS: Final[Mapping[str, Callable[[int], bytes]]] = MappingProxyType(
    {
        "mail parts": lambda n: b"--a\r\n\r\nx\r\n" * (n // 10),
        "mail headers": lambda n: b"X-Name: value\r\n" * (n // 15),
        "folded lines": lambda n: b"\r\n a=b;" * (n // 7),
        "content headers": lambda n: b"Content-Type: a/b\r\n" * (n // 19),
        "holders of parts": lambda n: b"".join(_HOLDER % (number, number) for number in range(n // 60)),
        "messages inside": lambda n: b"Content-Type: message/rfc822\r\n\r\n" * (n // 32),
        "semicolons": lambda n: b";" * n,
        "parameters": lambda n: b'; a="b\\""' * (n // 9),
        "encoded words": lambda n: b"=?utf-8?q?a?= " * (n // 14),
        "open words": lambda n: b"=?utf-8?q?" * (n // 10),
        "base64": lambda n: b"QUJD" * (n // 4),
        "base64 lines": lambda n: b"QUJD\r\n" * (n // 6),
        "mail lines": lambda n: b"a\r\n" * (n // 3),
        "dashes": lambda n: b"-" * n,
        "brackets": lambda n: b"<" * n,
        "mail options": lambda n: b" a=b" * (n // 4),
    }
)
"""What can grow in a mail and its envelope alone."""
