"""Which spools keep the next document: by its person, by the rules of the terminal, and by the state of each side.

Theory of operation.  The choice is the person's; a rule and the defaults fill up the rest.  Then each side is
looked at.  An own spool that is nearly full, or whose storage is out of use, keeps nothing more; a busy network carries
no document.  Where both spools should keep it the other one does so alone, and the reason stays with the job.  Where
only that side is wanted, the job is refused.  A request that was accepted before never comes here: the same request
is the same job (P10).
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from typing import Final

from passbook.document.documents import Hints, parse_document
from passbook.document.import_profile import NO_IMPORTS, Imports
from passbook.errors import PassbookError
from passbook.job.choice import Keep, Side
from passbook.job.states import Reason
from passbook.job.wording import REASON_WORDS
from passbook.protocol.document_rules import fill_choice
from passbook.protocol.finding import Finding
from passbook.protocol.messages import SubmitJob
from passbook.protocol.two_spools import AgentSettings, at_appliance_only, at_terminal_only
from spooler.clock import Clock, stamp
from spooler.fullness import Fullness, Marks
from spooler.logs import Log
from storage import Spool
from terminal.agent.agent_settings import AgentConfig
from terminal.agent.network_load import NetworkLoad

_LOG: Final = Log("spool")

NO_SPACE: Final = frozenset({"no-area-has-room", "quota-exceeded", "area-full"})
"""Codes with which a spool does not take a document that it has no space for; nothing has changed then."""

_OUT_OF_USE: Final = frozenset({"fenced", "absent"})
"""States of an area in which it tells nothing."""


class KeptSides:
    """Decides about each new document; lives in the event loop."""

    def __init__(self, spool: Spool, config: AgentConfig, network: NetworkLoad, clock: Clock) -> None:
        self._spool = spool
        self._config = config
        self._network = network
        self._clock = clock
        self._fullness = Fullness(spool.percent_used, Marks(config.spool.stop_at, config.spool.start_at))
        self._fullness.watchers.append(self._note_fullness)
        self._since = ""

    def _note_fullness(self, stopped: bool) -> None:
        self._since = stamp(self._clock) if stopped else ""
        _LOG.warning("spool-stopped" if stopped else "spool-takes-again")

    def objection(self) -> Reason | None:
        """Why the own spool takes no document now; None where it does."""
        if not self._spool.is_usable():
            return Reason.SPOOL_FENCED
        return Reason.NEARLY_FULL if self._fullness.is_stopped else None

    def problems(self) -> list[PassbookError]:
        """The problem of an own spool that is nearly full; empty while it takes documents."""
        if self.objection() is not Reason.NEARLY_FULL:
            return []
        side, start_at = Side.TERMINAL.value, self._config.spool.start_at
        return [PassbookError("spool-nearly-full", side=side, since=self._since, start_at=start_at)]

    async def chosen(self, request: SubmitJob, document: bytes, imports: Imports = NO_IMPORTS) -> SubmitJob:
        """The request with its whole choice: of the person, of a rule, or the default.  `imports` are the known ones.

        Raises PassbookError `choice-not-possible`, and where a rule needs the form of a document that cannot be read.
        """
        rules = self._config.rules
        form = request.layout
        if not form and any(rule.form for rule in rules):
            hints = Hints(imports, request.import_name)
            form = (await asyncio.to_thread(parse_document, request.format, document, 1, hints)).layout
        return fill_choice(request, form, rules, self._config.choice)

    def kept_now(self, request: SubmitJob) -> SubmitJob:
        """A new request with the spools that keep its document in fact.

        Raises PassbookError `spool-stopped`, `network-busy`, and `outcome-unknown` for a request that was sent before
        and may lie in storage that is out of use.
        """
        reason = self.objection() if request.choice.keep.has(Side.TERMINAL) else None
        if reason is not None:
            return self.without_own(request, reason)
        return self._by_network(request)

    def without_own(self, request: SubmitJob, reason: Reason) -> SubmitJob:
        """A request whose document the own spool does not keep.  Raises as kept_now() does."""
        if not request.first and not _OUT_OF_USE.isdisjoint(self._spool.states().values()):
            raise PassbookError("outcome-unknown", request=request.client_request)
        if request.keep is not Keep.BOTH:
            raise PassbookError("spool-stopped", side=Side.TERMINAL.value, why=REASON_WORDS[reason])
        return self._by_network(at_appliance_only(request, reason))

    def _by_network(self, request: SubmitJob) -> SubmitJob:
        why = self._network.why_busy() if request.choice.keep.has(Side.APPLIANCE) else ""
        if not why:
            return request
        if request.keep is Keep.BOTH:
            return at_terminal_only(request, Reason.NETWORK_BUSY)
        if not request.first:
            # The appliance may have accepted it: only its answer says so.
            return request
        raise PassbookError("network-busy", why=why)

    def figures(self, spool: str, silent: float, problems: Iterable[PassbookError]) -> AgentSettings:
        """The defaults, and what is so now; `spool` is the id of the own one, `silent` as in AgentSettings."""
        choice, areas, reason = self._config.choice, self._spool.areas(), self.objection()
        if reason is None and not any(area.free for area in areas):
            # Other files fill the disk: how full the spool is by its quota does not show that.
            reason = Reason.NEARLY_FULL
        return AgentSettings(
            choice.keep,
            choice.feed,
            choice.if_apart,
            spool=spool,
            jobs=sum(area.records for area in areas),
            used=sum(area.used for area in areas),
            most=sum(area.quota for area in areas),
            silent=int(silent),
            percent=int(self._spool.percent_used()),
            start_at=self._config.spool.start_at,
            stopped="" if reason is None else reason.value,
            since=self._since,
            round_trip=round(self._network.round_trip()),
            queued=self._network.queued,
            busy=self._network.why_busy(),
            findings=tuple(map(Finding.of, problems)),
        )
