"""Any interleaving of submissions, answers, cuts, clock jumps, faults and people, judged after every step.

A failure prints the steps that led to it and a line that replays them; `--seed` repeats the whole run.
"""

from __future__ import annotations

from typing import Final

import pytest
from hypothesis import Phase, settings

from tests.model.answers import Answers
from tests.model.figures import Figures
from tests.model.orders import Orders
from tests.model.requests import Requests
from tests.model.second_opinions import SecondOpinions
from tests.model.troubles import Troubles


class ApplianceMachine(Requests, Answers, SecondOpinions, Figures, Orders, Troubles):
    """One branch through good and bad days."""


# The time-out is for the soak, which also makes a failure short; what hangs is told after a minute.
_SOAK: Final = settings().max_examples > 100
TestAppliance = pytest.mark.timeout(3600)(ApplianceMachine.TestCase)
TestAppliance.settings = settings(
    max_examples=settings().max_examples // (4 if _SOAK else 7),
    stateful_step_count=25,
    phases=[phase for phase in Phase if _SOAK or phase not in {Phase.shrink, Phase.explain}],
)
