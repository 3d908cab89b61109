"""The table of ISO 4217: its shape, some codes that people know, and how it is made."""

from __future__ import annotations

import re
from datetime import date

import pytest

from passbook.document.currencies import EDITION, MINOR_DIGITS, WITHOUT_DIGITS
from tests import iso_4217

LEAST_CODES = 150
LIST = """<ISO_4217 Pblshd="2031-05-06"><CcyTbl>
<CcyNtry><CtryNm>ANTARCTICA</CtryNm><CcyNm>No universal currency</CcyNm></CcyNtry>
<CcyNtry><CtryNm>JAPAN</CtryNm><CcyNm>Yen</CcyNm><Ccy>JPY</Ccy><CcyNbr>392</CcyNbr><CcyMnrUnts>0</CcyMnrUnts></CcyNtry>
<CcyNtry><CtryNm>CHILE</CtryNm><CcyNm IsFund="true">Unidad</CcyNm><Ccy>CLF</Ccy><CcyMnrUnts>4</CcyMnrUnts></CcyNtry>
<CcyNtry><CtryNm>ZZ08_Gold</CtryNm><CcyNm>Gold</CcyNm><Ccy>XAU</Ccy><CcyMnrUnts>N.A.</CcyMnrUnts></CcyNtry>
</CcyTbl></ISO_4217>"""


def test_every_code_has_three_letters_and_at_most_four_digits() -> None:
    assert len(MINOR_DIGITS) >= LEAST_CODES
    assert all(re.fullmatch("[A-Z]{3}", code) for code in (*MINOR_DIGITS, *WITHOUT_DIGITS))
    assert set(MINOR_DIGITS.values()) == {0, 2, 3, 4}
    assert not MINOR_DIGITS.keys() & WITHOUT_DIGITS
    assert date.fromisoformat(EDITION).isoformat() == EDITION


@pytest.mark.parametrize(
    ("digits", "codes"),
    [
        (0, "JPY KRW VND CLP ISK UGX XOF XAF XPF UYI"),
        (2, "EUR USD INR THB TRY PLN CZK HUF RON UAH BDT LKR BRL MXN COP"),
        (3, "KWD BHD JOD OMR TND IQD LYD"),
        (4, "CLF UYW"),
        # Funds codes
        (2, "BOV CHE CHW COU MXV USN"),
    ],
)
def test_codes_that_people_know_have_their_digits(digits: int, codes: str) -> None:
    assert {code: MINOR_DIGITS[code] for code in codes.split()} == dict.fromkeys(codes.split(), digits)


def test_metals_and_the_code_for_tests_have_no_digits() -> None:
    assert {"XAU", "XAG", "XDR", "XTS"} <= WITHOUT_DIGITS


def test_the_table_is_made_from_the_list() -> None:
    made: dict[str, object] = {}
    exec(iso_4217.module_of(LIST), made)  # noqa: S102  # it is our own module
    assert made["EDITION"] == "2031-05-06"
    assert made["MINOR_DIGITS"] == {"JPY": 0, "CLF": 4}
    assert made["WITHOUT_DIGITS"] == {"XAU"}


def test_another_document_is_no_list() -> None:
    with pytest.raises(ValueError, match="no list"):
        iso_4217.module_of("<Invoice/>")
