"""The roles that may use an operation, in groups that several operations share."""

from __future__ import annotations

from typing import Final

from passbook.job.actor import Role

AT_TERMINALS: Final = frozenset({Role.REQUESTER, Role.REPRESENTATIVE})
OPERATORS: Final = frozenset({Role.OPERATOR})
AT_APPLIANCE: Final = frozenset({Role.OPERATOR, Role.AUDITOR})
RULING: Final = frozenset({Role.OPERATOR, Role.REPRESENTATIVE})
"""Those who look after everybody's jobs."""
LOOKING: Final = AT_APPLIANCE | RULING
"""Those who see how store and printers are; they change nothing by it."""
WALLS: Final = frozenset({Role.WALL})
ALL_BUT_AUDITORS: Final = AT_TERMINALS | OPERATORS
ALL: Final = ALL_BUT_AUDITORS | AT_APPLIANCE | WALLS
