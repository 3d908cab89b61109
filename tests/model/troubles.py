"""Rules: persons at the mechanism, and everything that can break: mechanism, power, disks, clock, network."""

from __future__ import annotations

import datetime

from hypothesis import strategies as st
from hypothesis.stateful import precondition, rule

from drivers.simulator.faults import POWER, AfterStrike, AtLineByte, DuringStrike, Fault, FaultKind, Now, Target, When
from passbook.protocol.media import Media
from tests.model.machine import BranchMachine, names, prompts

targets = st.sampled_from(POWER)
breakages = st.sampled_from([FaultKind.JAM, FaultKind.COVER_OPEN, FaultKind.RIBBON_OUT, FaultKind.GARBAGE])
moments = st.one_of(
    st.just(Now()),
    st.builds(AfterStrike, st.integers(1, 3)),
    st.builds(AtLineByte, st.integers(1, 3), st.integers(1, 90)),
    st.builds(DuringStrike, st.integers(1, 3), st.integers(0, 30)),
)


class Troubles(BranchMachine):
    """What people do at the mechanism, and what happens to everything."""

    @precondition(lambda self: self.office.prompt)
    @rule(prompts=prompts)
    def obey(self, prompts: int) -> None:
        self.work(prompts + 1)
        self.after()

    @precondition(lambda self: self.office.prompt and self.office.prompt.action == "insert")
    @rule()
    def ignore(self) -> None:
        self.office.ignore()
        self.after()

    @precondition(lambda self: not self.office.workable() or self.office.machine.state().media is Media.ENTERING)
    @rule()
    def mend(self) -> None:
        """Power for the mechanism, a free path, a closed cover, a ribbon."""
        self.office.machine.restore()
        self.office.machine.mend()
        self.office.settle()
        self.after()

    @precondition(lambda self: not self.office.machine.state().armed)
    @rule(kind=breakages, line=st.integers(1, 3), prompts=prompts)
    def break_at(self, kind: FaultKind, line: int, prompts: int) -> None:
        self.office.machine.fault(Fault(kind, line, characters=3))
        self.work(prompts)
        self.after()

    @precondition(lambda self: not self.office.machine.state().armed)
    @rule(whose=targets, when=moments, kept=st.integers(0, 40), prompts=prompts)
    def cut(self, whose: Target, when: When, kept: int, prompts: int) -> None:
        """Power goes, now or at a step; of what was written and not synced the first `kept` writes stay."""
        self.kept = kept
        self.office.cut(whose, when)
        self.office.settle()
        self.work(prompts)
        self.after()

    @rule(area=st.sampled_from(["a", "b"]), after=st.integers(1, 12), kept=st.integers(0, 12))
    def cut_in_a_commit(self, area: str, after: int, kept: int) -> None:
        """Power goes at a write or a sync of what is done next."""
        self.kept = kept
        self.office.disk.lose_power_in(area, after)

    @rule()
    def restart(self) -> None:
        self.office.shut_down()
        if self.office.dead:
            self.after()
            return
        self.office.disk.failing = ""
        self.office.power_on(self.kept)
        for job in self.jobs:
            job.stood_still(self.counts(job))
            job.readable, job.proposal = False, None
        self.all_is_invalid()
        self.after()

    @rule(area=st.sampled_from(["a", "b"]), prompts=prompts)
    def disk_fails(self, area: str, prompts: int) -> None:
        """From here on until the next boot nothing becomes durable in one area; the others go on."""
        self.office.disk.failing = area
        self.work(prompts)
        self.after()

    @rule(year=st.sampled_from([1970, 2026, 2099]), days=st.integers(0, 3), trusted=st.booleans())
    def clock_jumps(self, year: int, days: int, trusted: bool) -> None:
        """Only in the right year may the clock call itself right."""
        start = datetime.datetime(year, 3, 2, 9, 30, tzinfo=datetime.UTC)
        self.office.clock.wall = (start + datetime.timedelta(days=days)).timestamp()
        self.office.clock.synchronized = trusted and year == 2026
        self.office.look()
        self.after()

    @precondition(lambda self: self.office.prompt is None)
    @rule(seconds=st.sampled_from([10.0, 100.0, 1000.0]))
    def time_passes(self, seconds: float) -> None:
        self.office.clock.passed += seconds
        self.office.look()
        self.after()

    @rule(terminal=names)
    def comes_or_goes(self, terminal: str) -> None:
        if terminal in self.office.sessions:
            self.office.disconnect(terminal)
        else:
            self.office.connect(terminal)
        self.after()
