from __future__ import annotations

from importlib.resources import files

import pytest

from drivers.dialects.pr2.pr2_profile import Command, Pr2Profile, builtin_pr2, load_pr2
from passbook.errors import PassbookError
from passbook.job.states import Reason
from passbook.protocol.media import Media

PR2 = (files("drivers.profiles") / "pr2.toml").read_text()


@pytest.fixture(scope="module")
def pr2() -> Pr2Profile:
    return builtin_pr2()


def refusal(text: str) -> PassbookError:
    with pytest.raises(PassbookError) as caught:
        load_pr2(text.encode(), "mine.toml")
    assert caught.value.code == "profile-malformed"
    assert caught.value.facts["file"] == "mine.toml"
    return caught.value


def test_the_built_in_profile_confirms_every_line(pr2: Pr2Profile) -> None:
    assert (pr2.name, pr2.lines_in_doubt, pr2.vertical_unit) == ("pr2", 1, 240)


def test_only_codes_of_the_profile_are_ready_and_every_other_needs_attention(pr2: Pr2Profile) -> None:
    ready = {ord(entry.code) for entry in pr2.status if entry.ready}
    listed = {ord(entry.code) for entry in pr2.status}
    assert ready
    for code in range(256):
        reason = pr2.stop_reason(code)
        assert (reason is None) is (code in ready)
        if code not in listed:
            assert reason is Reason.ATTENTION


def test_a_stripe_that_was_not_recorded_is_the_one_status_that_the_manuals_give(pr2: Pr2Profile) -> None:
    assert [entry.code for entry in pr2.status if not entry.assumed] == ["q"]
    assert pr2.stop_reason(ord("q")) is Reason.ATTENTION


def test_an_unknown_place_of_the_document_is_unknown(pr2: Pr2Profile) -> None:
    assert pr2.media(ord("2")) is Media.PRESENT
    assert pr2.media(ord("Q")) is Media.UNKNOWN


def test_every_code_page_that_the_manuals_do_not_give_says_so(pr2: Pr2Profile) -> None:
    assert all(page.assumed for page in pr2.code_pages.values())


@pytest.mark.parametrize(
    ("change", "where"),
    [
        (("lines_in_doubt = 1", "lines_in_dout = 1"), "lines_in_dout"),
        (("vertical_unit = 240", "vertical_unit = 180"), "vertical_unit"),
        (("eject = { send", "ejekt = { send"), "commands"),
        (('eject = { send = "1B 4F" }', 'eject = { send = "1B 4G" }'), "commands.eject"),
        (('reason = "media-jam"', 'reason = "jam"'), "status[1].reason"),
        (('code = "1"\nreason', 'code = "11"\nreason'), "status[1]"),
        (('code = "1"\nreason', 'code = "0"\nreason'), "top"),
        (("ready = true", 'ready = true\nreason = "media-jam"'), "status[0]"),
        (('codec = "cp858"', 'codec = "cp8580"'), "code_pages[...]"),
        (('codec = "cp858"', 'codec = "utf-16"'), "code_pages[...]"),
        (("cpi = 12", "cpi = 10"), "pitch"),
        (("columns = 112", "columns = 0"), "pitches[1].columns"),
        (('identity = "7"', 'identity = "77"'), "top"),
        (("answer = 5.0", 'answer = "soon"'), "times.answer"),
    ],
)
def test_a_mistake_is_refused_with_its_place(change: tuple[str, str], where: str) -> None:
    old, new = change
    assert old in PR2
    error = refusal(PR2.replace(old, new, 1))
    facts = f"{error.facts['where']} {error.facts['why']}"
    assert where in facts


@pytest.mark.parametrize("text", ["", "name = ", "\x00"])
def test_what_is_no_profile_is_refused(text: str) -> None:
    refusal(text)


def test_bytes_that_are_no_text_are_refused() -> None:
    with pytest.raises(PassbookError, match=r"mine\.toml"):
        load_pr2(b"\xff", "mine.toml")


@pytest.mark.parametrize(("value", "sent"), [(0, b"\x1bQ000\x1bZ"), (72, b"\x1bQ072\x1bZ"), (999, b"\x1bQ999\x1bZ")])
def test_a_number_is_ascii_digits_of_fixed_width(value: int, sent: bytes) -> None:
    assert Command("1B 51", digits=3, end="1B 5A").encode(value) == sent


@pytest.mark.parametrize("value", [-1, 1000, None])
def test_a_number_that_does_not_fit_is_refused(value: int | None) -> None:
    with pytest.raises(ValueError, match="3 digits"):
        Command("1B 51", digits=3).encode(value)
