"""The digits that each currency has after the point: ISO 4217, table A.1 (currencies and funds).

Source: list one of the maintenance agency of ISO 4217, published on 2026-01-01.
Made by `python -m tests.iso_4217`; do not edit it by hand.
"""

from __future__ import annotations

from types import MappingProxyType
from typing import Final

EDITION: Final = "2026-01-01"
"""The day on which this list was published."""

_CODES: Final = MappingProxyType(
    {
        0: ("BIF CLP DJF GNF ISK JPY KMF KRW PYG RWF UGX UYI VND VUV XAF XOF XPF"),
        2: (
            "AED AFN ALL AMD AOA ARS AUD AWG AZN BAM BBD BDT BMD BND BOB BOV BRL BSD BTN BWP BYN BZD CAD CDF "
            "CHE CHF CHW CNY COP COU CRC CUP CVE CZK DKK DOP DZD EGP ERN ETB EUR FJD FKP GBP GEL GHS GIP GMD "
            "GTQ GYD HKD HNL HTG HUF IDR ILS INR IRR JMD KES KGS KHR KPW KYD KZT LAK LBP LKR LRD LSL MAD MDL "
            "MGA MKD MMK MNT MOP MRU MUR MVR MWK MXN MXV MYR MZN NAD NGN NIO NOK NPR NZD PAB PEN PGK PHP PKR "
            "PLN QAR RON RSD RUB SAR SBD SCR SDG SEK SGD SHP SLE SOS SRD SSP STN SVC SYP SZL THB TJS TMT TOP "
            "TRY TTD TWD TZS UAH USD USN UYU UZS VED VES WST XAD XCD XCG YER ZAR ZMW ZWG"
        ),
        3: ("BHD IQD JOD KWD LYD OMR TND"),
        4: ("CLF UYW"),
    }
)
"""Digits after the point -> the codes that have so many."""

MINOR_DIGITS: Final = MappingProxyType({code: digits for digits, codes in _CODES.items() for code in codes.split()})
"""Currency -> digits after the point: the column "minor unit"."""

WITHOUT_DIGITS: Final = frozenset(
    {
        "XAG",
        "XAU",
        "XBA",
        "XBB",
        "XBC",
        "XBD",
        "XDR",
        "XPD",
        "XPT",
        "XSU",
        "XTS",
        "XUA",
    }
)
"""Codes for which the column says "N.A.": metals, units of account, and the code for tests."""
