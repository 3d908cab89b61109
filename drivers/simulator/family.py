"""The printer families that are simulated, by the name of their dialect."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Final, TypeAlias

from drivers.dialects.escpos.escpos_profile import EscposProfile, builtin_escpos
from drivers.dialects.pr2.pr2_profile import Pr2Profile, builtin_pr2
from drivers.simulator.mechanism import Mechanism, Surroundings
from drivers.simulator.slip_mechanism import SlipMechanism

FamilyProfile: TypeAlias = Pr2Profile | EscposProfile

PROFILES: Final[Mapping[str, Callable[[], FamilyProfile]]] = MappingProxyType(
    {"pr2": builtin_pr2, "escpos": builtin_escpos}
)
"""Dialect -> the profile that comes with the product."""


def build_mechanism(profile: FamilyProfile, unit: int, surroundings: Surroundings) -> Mechanism | SlipMechanism:
    """The mechanism of a profile; `unit`: vertical steps to the inch, where its own set-up chooses them."""
    if isinstance(profile, EscposProfile):
        return SlipMechanism(profile, surroundings)
    return Mechanism(profile, unit, surroundings)
