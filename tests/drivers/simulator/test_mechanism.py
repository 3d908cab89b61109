from __future__ import annotations

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from drivers.dialects.pr2.commands import set_up
from drivers.dialects.pr2.pr2_profile import builtin_pr2
from drivers.simulator.mechanism import Mechanism
from drivers.simulator.medium import TRANSITIONS, Lying, Medium, MediumEvent
from drivers.simulator.paper import Strike
from passbook.job.states import Reason
from passbook.protocol.media import Media
from tests.drivers.workbench import SHEET

PR2 = builtin_pr2()
READY, REJECTED = b"\x1br0", b"\x1br4"


class Around:
    """What a mechanism did."""

    def __init__(self) -> None:
        self.sent = b""
        self.struck: list[Strike] = []
        self.events: list[str] = []

    def send(self, data: bytes) -> None:
        self.sent += data

    def strike(self, strike: Strike) -> bool:
        self.struck.append(strike)
        return True

    def happened(self, event: str) -> None:
        self.events.append(event)


class Bench:
    def __init__(self, unit: int = 240) -> None:
        self.around = Around()
        self.mechanism = Mechanism(PR2, unit, self.around)

    def waits(self) -> bool:
        return self.mechanism.memory.held is not None

    def tell(self, data: bytes) -> bytes:
        """Send bytes; what came back."""
        before = len(self.around.sent)
        for byte in data:
            item = self.mechanism.memory.parser.feed(byte)
            if item is not None and not self.waits():
                self.mechanism.execute(item)
        return self.around.sent[before:]


@pytest.fixture
def bench() -> Bench:
    bench = Bench()
    bench.tell(set_up(PR2, SHEET, "cp858"))
    return bench


@pytest.fixture
def loaded(bench: Bench) -> Bench:
    bench.mechanism.put(Lying("B1", 3))
    assert bench.tell(b"\x1b/10200\x1bj").endswith(READY)
    return bench


def test_a_set_up_mechanism_is_ready_and_empty_and_announces_an_insertion(bench: Bench) -> None:
    assert bench.tell(b"\x1bj\x1b B\x1bZ") == READY + b"\x1bB50\x1bZ" + b"\x1b/7"
    assert bench.around.events == ["document-wanted"]
    bench.mechanism.put(Lying("B1", 3))
    assert bench.around.sent.endswith(READY)
    assert bench.tell(b"\x1b B") == b"\x1bB51\x1bZ"


def test_in_manual_booking_an_insertion_announces_nothing(bench: Bench) -> None:
    bench.tell(b"\x1b_")
    before = bench.around.sent
    bench.mechanism.put(Lying("B1", 3))
    assert bench.around.sent == before


@pytest.mark.parametrize(("unit", "y"), [(240, 3600), (216, 4000)])
def test_text_is_struck_at_its_strike_and_not_before(unit: int, y: int) -> None:
    bench = Bench(unit)
    bench.tell(set_up(PR2, SHEET, "cp858"))
    bench.mechanism.put(Lying("B1", 3))
    bench.tell(b"\x1b/10400\x1bH010ab\x1bH020\xd5")
    assert bench.around.struck == []
    bench.tell(b"\r")
    assert bench.around.struck == [Strike(y, ((10, "ab"), (20, "€")))]
    assert bench.mechanism.medium.where is Media.PRESENT


@pytest.mark.parametrize("motion", [b"\n", b"\x1bI001", b"\x1bL005", b"\x1b/10400", b"\x1bO", b"\x0c"])
def test_every_motion_strikes_what_waits_where_the_head_was(loaded: Bench, motion: bytes) -> None:
    loaded.tell(b"ab" + motion)
    assert loaded.around.struck == [Strike(1800, ((1, "ab"),))]


@pytest.mark.parametrize(("letter", "cpi", "columns"), [("<", 10.0, 94), ("=", 12.0, 112), (">", 50 / 3, 156)])
def test_a_pitch_says_how_wide_columns_are_and_how_many_there_are(
    loaded: Bench, letter: str, cpi: float, columns: int
) -> None:
    loaded.tell(b"\x1b" + letter.encode() + b"\x1bH%03dx\r" % columns)
    assert loaded.around.struck == [Strike(1800, ((columns, "x"),), cpi)]
    assert loaded.tell(b"\x1bH%03d\x1bj" % (columns + 1)) == REJECTED


def test_an_offset_moves_the_first_column_and_leaves_fewer(loaded: Bench) -> None:
    assert loaded.tell(b"\x1b|A120\x1bH084x\r\x1bj") == READY
    assert loaded.around.struck == [Strike(1800, ((84, "x"),), 10.0, 2160)]
    assert loaded.tell(b"\x1bH085\x1bj") == REJECTED


def test_a_refused_set_up_changes_nothing(loaded: Bench) -> None:
    loaded.tell(b"ab\x1b=\x1b|A120\r")
    assert loaded.around.struck == [Strike(1800, ((1, "ab"),))]


def test_a_delete_drops_what_waits(loaded: Bench) -> None:
    loaded.tell(b"ab\x7f\r")
    assert loaded.around.struck == []


def test_a_status_request_strikes_nothing(loaded: Bench) -> None:
    assert loaded.tell(b"ab\x1bj") == READY
    assert loaded.around.struck == []


@pytest.mark.parametrize(
    "command",
    [
        b"\x1b/19999",  # beyond the document
        b"\x1b/10001",  # in the margin
        b"\x1b/1ab\x7f0",
        b"\x1b/30200",
        b"\x1bQ036\x1bZ",  # a document is in
        b"\x1bT080",
        b"\x1bM001",
        b"\x1bT010",
        b"\x1bH000",
        b"\x1bH095",
        b"\x1b[999",
        b"\x1b|A-01",
        b"\x1b|B001",
        b"\x1b&x0",
        b"\x1b X",
        b"\x1b\x01",
        b"\x1bt123\x1d",
        b"\x1b\\",
        b"\x1bo",
    ],
)
def test_a_refused_command_is_silent_until_the_next_status_and_until_reset(loaded: Bench, command: bytes) -> None:
    y = loaded.mechanism.medium.y
    assert loaded.tell(command) == b""
    assert loaded.mechanism.medium.y == y
    assert loaded.tell(b"\x1bj\x1bj") == REJECTED * 2
    assert loaded.tell(b"\x1bl\x1bj") == READY


@pytest.mark.parametrize("command", [b"\x1bS5", b"\x1b&40", b"\x1bJ000", b"\x1b=", b"\x1b|A001", b"\x1b[058"])
def test_set_up_is_refused_while_text_waits(loaded: Bench, command: bytes) -> None:
    assert loaded.tell(b"ab" + command + b"\x1bj") == REJECTED


def test_nothing_moves_before_the_document_is_described_and_its_stand_chosen() -> None:
    for described in (b"\x1bS5", b"\x1bQ036\x1bZ"):
        bench = Bench()
        bench.mechanism.put(Lying("B1", 3))
        assert bench.tell(described + b"\x1b/10200\x1bj") == REJECTED
        assert bench.tell(b"\x1bl\x1bL002\x1bj") == REJECTED
        assert bench.mechanism.medium.where is Media.ENTERING


def test_a_positioning_without_a_document_waits_for_one_and_goes_on_then(bench: Bench) -> None:
    bench.tell(b"\x1b/10200")
    assert bench.waits()
    bench.mechanism.put(Lying("B1", 3))
    assert not bench.waits()
    assert (bench.mechanism.medium.where, bench.mechanism.medium.y) == (Media.PRESENT, 1800)


def test_from_the_bottom_margin_steps_count_upwards(loaded: Bench) -> None:
    loaded.tell(b"\x1b/00100")
    assert loaded.mechanism.medium.y == SHEET.height - 900


def test_text_beyond_the_carriage_is_refused_and_not_wrapped(loaded: Bench) -> None:
    assert loaded.tell(b"\x1bH093abcd\x1bj") == REJECTED
    loaded.tell(b"\r")
    assert loaded.around.struck == [Strike(1800, ((93, "ab"),))]


def test_the_print_memory_is_finite(loaded: Bench) -> None:
    assert loaded.tell((b"\x1bH001" + b"x" * 90) * 6 + b"\x1bj") == REJECTED


def test_text_without_a_document_is_lost_and_refused(bench: Bench) -> None:
    assert bench.tell(b"ab\r\x1bj") == REJECTED
    bench.mechanism.put(Lying("B1", 3))
    bench.tell(b"\x1b/10200\r")
    assert bench.around.struck == []


@pytest.mark.parametrize("condition", [Reason.COVER_OPEN, Reason.RIBBON_OUT])
def test_with_an_open_cover_or_no_ribbon_the_line_stays_in_memory(loaded: Bench, condition: Reason) -> None:
    loaded.mechanism.conditions.add(condition)
    assert loaded.tell(b"ab\r\x1bj") not in {READY, b""}
    assert loaded.around.struck == []
    loaded.mechanism.conditions.clear()
    loaded.tell(b"\r")
    assert loaded.around.struck == [Strike(1800, ((1, "ab"),))]


def test_an_eject_without_a_document_is_refused(bench: Bench) -> None:
    assert bench.tell(b"\x1bO\x1bj") == REJECTED
    bench.tell(b"\x1bl")
    assert bench.tell(b"\x0c\x1bj") == REJECTED


def test_a_power_cut_forgets_all_but_the_book(loaded: Bench) -> None:
    loaded.tell(b"ab\x1b/1")
    loaded.mechanism.lose_power()
    assert loaded.mechanism.medium.where is Media.PRESENT
    assert loaded.mechanism.medium.y == 1800
    assert loaded.tell(b"\x1b/10300\x1bj") == REJECTED
    loaded.tell(b"\r")
    assert loaded.around.struck == []


def test_a_general_reset_forgets_like_a_power_cut(loaded: Bench) -> None:
    assert loaded.tell(b"ab\x1b0\r\x1b/10300\x1bj") == REJECTED
    assert loaded.around.struck == []


def test_a_state_that_the_profile_has_no_code_for_is_shown_as_an_unknown_one() -> None:
    bench = Bench()
    profile = msgspec.structs.replace(PR2, status=PR2.status[:1])
    bench.mechanism = Mechanism(profile, 240, bench.around)
    bench.mechanism.conditions.add(Reason.COVER_OPEN)
    assert bench.tell(b"\x1bj") == b"\x1br?"
    assert profile.stop_reason(ord("?")) is Reason.ATTENTION


def test_firmware_can_be_asked(bench: Bench) -> None:
    assert bench.tell(b"\x1b b").startswith(b"\x1bb1.00E")


@given(
    st.lists(st.binary(max_size=8) | st.sampled_from([b"\x1b/10200", b"ab\r", b"\x1bO", b"\x1bj", b"\x1b B", b"put"]))
)
def test_no_bytes_can_break_a_mechanism(pieces: list[bytes]) -> None:
    bench = Bench()
    bench.tell(set_up(PR2, SHEET, "cp858"))
    for piece in pieces:
        if piece == b"put" and bench.mechanism.medium.where is Media.NOT_PRESENT:
            bench.mechanism.put(Lying("B1", 3))
        bench.tell(piece)
    assert bench.mechanism.medium.where in {Media.NOT_PRESENT, Media.ENTERING, Media.PRESENT}


@given(st.lists(st.sampled_from(MediumEvent)))
def test_a_book_is_known_exactly_while_it_is_in_the_mechanism(events: list[MediumEvent]) -> None:
    medium = Medium()
    for event in events:
        if (medium.where, event) in TRANSITIONS:
            medium.move(event, Lying("B1", 3) if event is MediumEvent.PUT else None)
        else:
            with pytest.raises(ValueError, match=event.value):
                medium.move(event)
        assert (medium.lying is None) is (medium.where is Media.NOT_PRESENT)
