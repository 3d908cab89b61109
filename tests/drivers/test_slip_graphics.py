"""Pictures on slips: their bytes by hand and by the library, what makes them harmless, and the dots on paper."""

from __future__ import annotations

import re
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path

import pytest
from escpos.printer import Dummy  # type: ignore[import-untyped]
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from drivers.dialects.escpos.escpos_dialect import EscposSlip
from drivers.dialects.escpos.escpos_profile import builtin_escpos
from drivers.dialects.escpos.slip_commands import SlipLine
from drivers.dialects.escpos.slip_graphics import SlipGraphics, columns_of_dots
from drivers.session import DocumentSession
from drivers.simulator.faults import AtLineByte, Cut, Target
from drivers.simulator.paper import Paper
from drivers.stop import MechanismStop
from passbook.document.plan import Band, DotPitch, Eject
from passbook.errors import PassbookError
from passbook.job.states import Reason
from passbook.protocol.media import Media
from passbook.protocol.printer_setup import USUAL_SETUP, PrinterSetup
from tests.drivers.slip_bench import SHEET, SLIP, WAIT, SlipBench

DIALECT = EscposSlip(builtin_escpos())
ACROSS, DOWN, ROWS = 27, 30, 8
SHORT = 0.8
"""Seconds for an answer that does not come."""
AT_ONCE = 8
FIRST = 5
"""A line of dots that the head reaches on a slip just loaded."""


def graphics(setup: PrinterSetup = USUAL_SETUP) -> SlipGraphics:
    found = EscposSlip(builtin_escpos(), setup).graphics
    assert found is not None
    return found


def band(columns: bytes, line: int = FIRST, x: int = 0, page: int = 1) -> Band:
    """The band with these columns, `x` dots from the left edge."""
    whole = (len(columns) + 7) // 8
    rows = b""
    for row in range(ROWS):
        bits = "".join("1" if column >> (7 - row) & 1 else "0" for column in columns).ljust(whole * 8, "0")
        rows += int(bits, 2).to_bytes(whole, "big")
    return Band(page, line, (line - 1) * ROWS * DOWN, x * ACROSS, len(columns), ROWS, ACROSS, DOWN, rows)


def sent(one: Band, from_y: int | None = None) -> bytes:
    encoded = graphics().encode_band(one, from_y)
    return encoded.text + b"".join(encoded.rest)


def read_back(data: bytes) -> dict[int, int]:
    """Place in half dots -> the column there, as a printer reads ESC $ and ESC *."""
    found: dict[int, int] = {}
    place = 0
    while data:
        if data.startswith(b"\x1b$"):
            place, data = int.from_bytes(data[2:4], "little"), data[4:]
            continue
        assert data.startswith(b"\x1b*\x00"), data[:8]
        count = int.from_bytes(data[3:5], "little")
        for column in data[5 : 5 + count]:
            if column:
                found[place] = column
            place += 2
        data = data[5 + count :]
    return found


def test_a_band_is_a_way_across_and_a_bit_image() -> None:
    one = graphics().encode_band(band(b"\x80\x01\xff", x=10), None)
    # Its base line is 7 wires below its top edge: (4 * 240 + 210) / 15 steps, of which 72 are gone.
    assert one == SlipLine(b"\x1bJ" + bytes([78 - 72]), b"\x1b$\x14\x00\x1b*\x00\x03\x00\x80\x01\xff")


def test_the_next_band_is_counted_from_the_one_before() -> None:
    base = band(b"\x80").y + graphics().base_rows * graphics().pitch.down
    assert graphics().encode_band(band(b"\x80", line=7), base).position == b"\x1bJ\x20"


def test_the_dots_are_those_of_the_library() -> None:
    """python-escpos makes the same bit images of the same picture."""
    columns = bytes((number * 37) % 251 | 0x40 for number in range(20))
    picture = Image.new("1", (len(columns), ROWS), 1)
    for x, column in enumerate(columns):
        for row in range(ROWS):
            picture.putpixel((x, row), not column >> (7 - row) & 1)
    library = Dummy()
    library.image(picture, impl="bitImageColumn", high_density_vertical=False, high_density_horizontal=False)
    [theirs] = re.findall(rb"\x1b\*\x00\x14\x00(.{20})\n", library.output, re.DOTALL)
    assert columns_of_dots(band(columns)) == theirs == columns


@pytest.mark.parametrize("begin", [b"\x10", b"\x1b", b"\x1c", b"\x1d"])
def test_a_byte_that_could_begin_a_request_is_the_last_of_its_bit_image(begin: bytes) -> None:
    assert sent(band(begin + b"\x04\x05")) == (
        b"\x1b$\x00\x00" + b"\x1b*\x00\x01\x00" + begin + b"\x1b*\x00\x02\x00\x04\x05"
    )


@given(
    st.lists(st.sampled_from([0, 0x04, 0x05, 0x10, 0x14, 0x1B, 0x1C, 0x1D, 0x40, 0x63, 0xFF]), min_size=1, max_size=99)
)
def test_no_dots_are_a_request_and_none_is_lost(columns: list[int]) -> None:
    columns = [0x80, *columns, 0x80]
    data = sent(band(bytes(columns), x=3))
    assert not re.search(rb"\x10[\x04\x05\x14]", data)
    # Were every head of a bit image lost, the dots behind it would still follow no ESC, FS or GS of theirs.
    assert not re.search(
        rb"[\x1b\x1c\x1d][^\x1b*$]", re.sub(rb"\x1b\*\x00(..)|\x1b\$..", b"\x1b*", data, flags=re.DOTALL)
    )
    assert read_back(data) == {2 * (3 + at): column for at, column in enumerate(columns) if column}


@given(st.binary(min_size=1, max_size=400))
def test_every_piece_is_shorter_than_a_line_of_the_roll(columns: bytes) -> None:
    one = graphics().encode_band(band(b"\x01" + columns + b"\x01"), None)
    roll = builtin_escpos().roll.columns
    assert all(len(piece) <= roll for piece in (one.text, *one.rest))


def test_the_pitch_is_that_of_the_head() -> None:
    assert graphics().pitch == DotPitch(ACROSS, DOWN, ROWS)


@pytest.mark.parametrize(
    ("wrong", "why"),
    [
        (band(b"\xff", line=1), "ink 0 to 3 mm below"),
        (band(b"\xff", line=70), "ink 195 to 198 mm below"),
        (band(b"\xff" * 10, x=395), "more than 127 mm right"),
    ],
)
def test_ink_that_the_head_cannot_reach_is_refused(wrong: Band, why: str) -> None:
    with pytest.raises(PassbookError, match=why) as refused:
        DIALECT.check_printable(SHEET, (wrong, Eject(1)), layout="slip", printer="slips")
    assert refused.value.code == "layout-not-printable"


def test_the_lowest_and_the_rightmost_ink_that_it_reaches_is_taken() -> None:
    reached = (band(b"\xff", line=FIRST), band(b"\xff" * 10, line=65, x=390), Eject(1))
    DIALECT.check_printable(SHEET, reached, layout="slip", printer="slips")


LEFT, RIGHT = PrinterSetup(x_offset=-85), PrinterSetup(x_offset=85)
"""1 mm."""
AT_THE_LEFT_EDGE, AT_THE_RIGHT_EDGE = band(b"\xff"), band(b"\xff" * 10, x=390)


@pytest.mark.parametrize(
    ("setup", "one", "why", "offset"),
    [
        (LEFT, AT_THE_LEFT_EDGE, "ink left of the left edge", "x_offset of -1 mm"),
        (RIGHT, AT_THE_RIGHT_EDGE, "ink more than 127 mm right of the left edge", "x_offset of 1 mm"),
    ],
)
def test_ink_that_an_offset_moves_beside_the_reach_is_refused_also_of_a_band_accepted_before(
    setup: PrinterSetup, one: Band, why: str, offset: str
) -> None:
    with pytest.raises(PassbookError, match=f"{why}, with its {offset}") as refused:
        EscposSlip(builtin_escpos(), setup).check_printable(SHEET, (one, Eject(1)), layout="slip", printer="slips")
    assert refused.value.code == "layout-not-printable"
    with pytest.raises(ValueError, match=why):
        graphics(setup).encode_band(one, None)


def test_ink_that_an_offset_moves_to_the_edge_of_the_reach_is_taken() -> None:
    for setup, one in ((LEFT, band(b"\xff", x=4)), (RIGHT, band(b"\xff", x=396))):
        EscposSlip(builtin_escpos(), setup).check_printable(SHEET, (one, Eject(1)), layout="slip", printer="slips")
        assert graphics(setup).encode_band(one, None).text.startswith(b"\x1b$")


# On paper


BANDS = tuple(
    band(bytes([0x81, 0x10, 0x04, 0x1B, number + 1, 0, 0xFF]), line=FIRST + number, x=40) for number in range(4)
)


def ink_of(*bands: Band) -> dict[tuple[int, int], int]:
    return {
        (one.x + at * ACROSS, one.y + row * DOWN): 1
        for one in bands
        for at, column in enumerate(columns_of_dots(one))
        for row in range(ROWS)
        if column >> (7 - row) & 1
    }


@pytest.fixture
def bench(tmp_path: Path) -> Iterator[SlipBench]:
    bench = SlipBench.build(tmp_path)
    yield bench
    bench.close()


def ink(bench: SlipBench) -> dict[tuple[int, int], int]:
    bench.machine.state()
    paper = Paper.load(bench.paper_file)
    assert paper.lines(SLIP) == {}, "there is no text on the slip"
    return dict(paper.ink(SLIP, 1))


@pytest.mark.parametrize("first", range(len(BANDS) + 1))
def test_going_on_at_any_band_gives_the_slip_of_an_uninterrupted_print(bench: SlipBench, first: int) -> None:
    session = bench.inserted()
    print_bands(session, *BANDS[:first])
    session.eject()
    bench.take_back(session)
    bench.insert(session)
    print_bands(session, *BANDS[first:])
    assert ink(bench) == ink_of(*BANDS)


def test_bands_from_the_very_top_that_an_offset_moves_into_reach_stand_so_far_apart_as_in_the_picture(
    bench: SlipBench,
) -> None:
    down = 1080
    session = bench.session(PrinterSetup(y_offset=down))
    session.clean_up()
    bench.insert(session)
    bands = [band(b"\x81", line=number, x=40) for number in (1, 2, 4)]
    print_bands(session, *bands)
    assert ink(bench) == {(x, y + down): dot for (x, y), dot in ink_of(*bands).items()}


def test_a_band_that_an_offset_moves_beside_the_reach_stops_its_job_with_a_reason(bench: SlipBench) -> None:
    """It was accepted before its printer was set up so."""
    session = bench.session(LEFT)
    session.clean_up()
    bench.insert(session)
    with pytest.raises(MechanismStop) as stopped:
        session.print_line(AT_THE_LEFT_EDGE)
    assert (stopped.value.reason, stopped.value.detail) == (Reason.NOT_ACCEPTED, "out-of-range")
    session.eject()
    bench.take_back(session)
    assert ink(bench) == {}


@pytest.fixture(scope="module")
def band_bytes(tmp_path_factory: pytest.TempPathFactory) -> int:
    """The bytes of a band in both directions."""
    with closing(SlipBench.build(tmp_path_factory.mktemp("measure"))) as bench:
        print_bands(bench.inserted(), BANDS[1])
        return bench.machine.state().last_line_bytes


def print_bands(session: DocumentSession, *bands: Band) -> None:
    for one in bands:
        session.print_line(one)
        session.confirm()


def is_confirmed(session: DocumentSession, one: Band) -> bool:
    try:
        print_bands(session, one)
    except MechanismStop:
        return False
    return True


def outcome_of_a_dip(folder: Path, byte: int) -> tuple[bool, dict[tuple[int, int], int]]:
    """Whether band 1 was confirmed, and the ink, when the printer was without power for a moment at that byte of it."""
    with closing(SlipBench.build(folder, "pty", SHORT)) as bench:
        session = bench.inserted()
        print_bands(session, BANDS[0])
        bench.machine.cut(Cut(Target.PRINTER, AtLineByte(1, byte)))
        with ThreadPoolExecutor(1) as person:
            powered = person.submit(give_power_back, bench)
            confirmed = is_confirmed(session, BANDS[1])
            powered.result()
        return confirmed, ink(bench)


def give_power_back(bench: SlipBench) -> None:
    assert bench.machine.wait("cut", 0, WAIT)
    bench.machine.restore()


@pytest.mark.long
def test_a_power_dip_at_any_byte_puts_no_dot_elsewhere_and_confirms_only_what_is_on_paper(
    band_bytes: int, tmp_path: Path
) -> None:
    """What leaves while the power is gone can end on the roll, and never on the slip."""
    everything = range(1, band_bytes + 1)
    with ThreadPoolExecutor(AT_ONCE) as pool:
        outcomes = list(pool.map(lambda byte: outcome_of_a_dip(tmp_path / str(byte), byte), everything))
    for byte, (confirmed, found) in zip(everything, outcomes, strict=True):
        assert found in (ink_of(BANDS[0]), ink_of(*BANDS[:2])), byte
        assert not confirmed or found == ink_of(*BANDS[:2]), byte
    assert outcomes[-1][0]


@pytest.mark.long
def test_after_an_appliance_that_stopped_at_any_byte_nothing_of_the_band_prints_by_itself(
    band_bytes: int, tmp_path: Path
) -> None:
    for byte in range(1, band_bytes + 1):
        with closing(SlipBench.build(tmp_path / str(byte))) as bench:
            session = bench.inserted()
            print_bands(session, BANDS[0])
            bench.machine.cut(Cut(Target.APPLIANCE, AtLineByte(1, byte), pid=4711))
            is_confirmed(session, BANDS[1])
            assert bench.machine.wait("cut", 0, WAIT)
            session.close()
            before = ink(bench)
            successor = bench.session()
            assert successor.clean_up() is Media.PRESENT
            bench.take_back(successor)
            assert ink(bench) == before, byte
            bench.insert(successor)
            print_bands(successor, BANDS[2])
            assert ink(bench) == before | ink_of(BANDS[2]), byte
