"""`make demo-two-spools`: a terminal with a spool of its own, a cut network, and an appliance without power.

Four documents: one that the terminal alone keeps, one that the appliance alone keeps, and two that both keep, with the
print right at either side.  The network is cut before the turn of the third, and the appliance is off for the fourth.
Each is on paper once; the histories of both sides say which copy fed the printer; both papers are the judge.
"""

from __future__ import annotations

import argparse
import shutil
import sys
import tempfile
import time
from pathlib import Path
from typing import Any, Final, NamedTuple

from demo.agent_process import AgentProcess
from demo.network import Cable
from demo.people import Printing
from demo.story import FORGOTTEN, NOTICE, SECOND, STATEMENT, Document
from demo.verdict import Sent, read_sent, table, verdict_row
from demo.world import PRINTER, PROJECT, Terminal, World, await_fact, ruler_of, shipped_layout

PICTURES: Final = PROJECT / "build" / "demo-two-spools"
PLANT: Final = "both-print"
"""The damage that the verdict must find: the appliance prints the fourth document too."""
TURNS: Final = "[turns]\nturn_wait = 2.0\n"
WINDOW, LOBBY = "window", "lobby"


class Expected(NamedTuple):
    """A document, the paper on which it must stand, and the side that feeds it."""

    sent: Sent
    paper: str
    fed: str


class TwoSpools:
    """The branch of the story: `window` is the printer of the appliance, `lobby` one of counter-1's own."""

    def __init__(self, folder: Path) -> None:
        self._began = time.monotonic()
        self.window = World(folder)
        (folder / "lobby").mkdir()
        self.lobby = World(folder / "lobby")
        self.expected: list[Expected] = []
        self.wrong: list[str] = []

    def say(self, words: str) -> None:
        """Tell what happens, with the time since the beginning."""
        print(f"{time.monotonic() - self._began:5.1f} s  {words}", flush=True)

    def run(self, plant: str | None) -> int:
        """Tell the story; return 0 when papers and histories agree."""
        with self.window, self.lobby:
            self.window.build()
            self.lobby.start_simulator()
            host, _, port = self.window.address.rpartition(":")
            with Cable(host, int(port)) as cable:
                self._prepare(cable)
                try:
                    self._tell(cable, plant)
                    return self._judge()
                finally:
                    self.agent.kill()

    def _prepare(self, cable: Cable) -> None:
        world = self.window
        self.counter_1, self.counter_2 = world.enroll("counter-1"), world.enroll("counter-2")
        for terminal, key in ((self.counter_1, "anna-1"), (self.counter_2, "bernd-1")):
            terminal.run("keys", "new", key)
        settings = self.counter_1.home / "terminal.toml"
        settings.write_text(settings.read_text().replace(world.address, cable.address))
        (self.counter_1.home / "agent.toml").write_text(
            f'apart_after = 2.0\n[[fallback]]\nprinter = "{PRINTER}"\nport = "{self.lobby.simulator_url}"\n'
        )
        world.write_config(extra=TURNS)
        world.start_appliance()
        self.agent = AgentProcess(self.counter_1)
        self.agent.start()
        self.agent.await_log("appliance-reached")
        self.say("The appliance, its printer and the agent of counter-1 run; counter-2 has no spool.")

    def _tell(self, cable: Cable, plant: str | None) -> None:
        first = self._print(self.counter_1, STATEMENT, WINDOW, "terminal", "--keep", "terminal", "--feed", "terminal")
        self.say(f"counter-1 sent the {STATEMENT.title}: job {first.job[:8]}, kept by the terminal only.")
        self._preview(first.job, cable)
        first.hands_free.set()
        self._end(first, "It is printed; the terminal sent it once, at its turn.")
        second = self._print(self.counter_2, SECOND, WINDOW, "appliance")
        self.say(f"counter-2 sent the {SECOND.title}: job {second.job[:8]}, kept by the appliance only; it waits.")
        third = self._send(
            NOTICE, WINDOW, "appliance", "--keep", "both", "--feed", "terminal", "--if-apart", "appliance"
        )
        self.say(f"counter-1 sent the {NOTICE.title}: job {third[:8]}, kept by both, to be fed by the terminal.")
        cable.cut()
        self.say("THE NETWORK of counter-1 IS CUT.")
        second.hands_free.set()
        self._end(second, "The second update is printed.")
        self._put_in(NOTICE, third)
        self.say("counter-1 was silent at its turn, so the appliance printed its own copy.")
        self.window.kill_appliance()
        self.say("THE APPLIANCE HAS NO POWER.")
        self.agent.await_log("appliance-apart")
        fourth = self._print(
            self.counter_1, FORGOTTEN, LOBBY, "terminal", "--keep", "both", "--if-apart", "terminal", at=self.lobby
        )
        fourth.hands_free.set()
        self._end(fourth, "counter-1 printed the fourth document, whose right it has, on its own printer.")
        if plant == PLANT:
            # The same document on the same sheet: what a second spool with the right would have done.
            self.window.start_appliance()
            again = self.counter_2.print_in_background(FORGOTTEN.file, FORGOTTEN.book, FORGOTTEN.layout)
            self._end(again, "PLANTED DAMAGE: the appliance printed the fourth document too.")
            self.expected.append(Expected(read_document(FORGOTTEN, again.job), WINDOW, "appliance"))
        else:
            self.window.start_appliance()
        cable.mend()
        self.agent.await_log("job-sent")
        await_fact(lambda: self._state(fourth.job) == "completed", self.agent.log)
        self.say("Power and network are back; the agent told the appliance what it printed.")

    # People

    def _print(
        self, terminal: Terminal, document: Document, paper: str, fed: str, *choice: str, at: World | None = None
    ) -> Printing:
        """`teller print` with a person who waits with the book until the hands are free."""
        command = terminal.command("print", str(document.file), "--printer", PRINTER, *choice)
        hands, ruler = (at or self.window).mechanism, ruler_of(shipped_layout(document.layout))
        printing = self.window.remember(Printing(command, hands, document.book, ruler, at_once=False))
        self.expected.append(Expected(read_document(document, printing.job), paper, fed))
        return printing

    def _send(self, document: Document, paper: str, fed: str, *choice: str) -> str:
        shown = self.counter_1.run("print", str(document.file), "--no-wait", "--printer", PRINTER, *choice)
        job = str(shown["payload"]["job"])
        self.expected.append(Expected(read_document(document, job), paper, fed))
        return job

    def _end(self, printing: Printing, words: str) -> None:
        printing.hands_free.set()
        code = printing.end(60.0)
        if code != 0:
            self.wrong.append(f"teller ended with {code}: {printing.error()}")
        self.say(words)

    def _put_in(self, document: Document, job: str) -> None:
        """A person at the printer puts the sheet in, and takes it when the job is done."""
        await_fact(lambda: self._state(job) == "processing-stopped", lambda: self._state(job))
        self.window.put_in(document.book, 1, document.layout)
        await_fact(lambda: self._state(job) == "completed", lambda: self._state(job))
        self.window.mechanism.take()

    def _preview(self, job: str, cable: Cable) -> None:
        """The document as it will be printed, from the own copy."""
        shutil.rmtree(PICTURES, ignore_errors=True)
        PICTURES.mkdir(parents=True)
        # At its turn the document goes over the network; that is no part of the preview.
        await_fact(lambda: self._state(job) == "processing-stopped", lambda: self._state(job))
        before = cable.said
        self.counter_1.run("preview", job, "--out", str(PICTURES))
        self.say(f"A preview from the own copy: {cable.said - before} bytes went over the network.")
        for picture in sorted(PICTURES.iterdir()):
            self.say(f"page picture: {picture}")
        if not any(PICTURES.iterdir()):
            self.wrong.append("there is no picture of the preview")

    # The verdict

    def _state(self, job: str) -> str:
        return self._ends().get(job, {}).get("state") or next(
            (one["state"] for one in self.window.ctl("jobs") if one["job"] == job), ""
        )

    def _ends(self) -> dict[str, Any]:
        """The ends of jobs in the appliance's history."""
        told = self.window.ctl("history", "--last", "1000")
        return {
            one["entry"]["record"]["jobId"]: one["entry"]["record"] for one in told if one["entry"]["kind"] == "ended"
        }

    def _judge(self) -> int:
        papers = {WINDOW: self.window.paper, LOBBY: self.lobby.paper}
        print()
        print(table(verdict_row(one.sent, papers[one.paper], []) for one in self.expected))
        print()
        ends = self._ends()
        books: dict[str, list[str]] = {}
        for one in self.expected:
            row = verdict_row(one.sent, papers[one.paper], [])
            if row.once != row.expected or row.wrong:
                self.wrong.append(
                    f"{row.title}: {row.once} of {row.expected} lines stand once on the paper of {one.paper}"
                )
            books.setdefault(one.sent.book, [name for name, paper in papers.items() if one.sent.book in paper.books])
            fed = (ends.get(one.sent.job, {}).get("fed") or {}).get("by", "no side")
            if fed != one.fed:
                self.wrong.append(f"{row.title}: the appliance's history says that {fed} fed it, and {one.fed} did")
        self.wrong += [f"{book} is on {len(on)} papers" for book, on in books.items() if len(on) != 1]
        self._judge_terminal()
        for sentence in self.wrong:
            print(f"DISAGREEMENT  {sentence}")
        print("Both papers and both histories agree." if not self.wrong else "They do not agree.")
        return 1 if self.wrong else 0

    def _judge_terminal(self) -> None:
        """The terminal's own list has none of its jobs any more: each copy ended with its job."""
        mine = {one.sent.job for one in self.expected}
        await_fact(lambda: not mine & {one["job"] for one in _listed(self.counter_1.run("jobs"))}, self.agent.log)


def read_document(document: Document, job: str) -> Sent:
    """The document with its expected steps, as job `job`."""
    layout = shipped_layout(document.layout)
    return read_sent(document.title, job, document.book, document.file, document.format, layout)


def _listed(shown: Any) -> list[dict[str, Any]]:
    return list(shown["jobs"] if isinstance(shown, dict) else shown)


def main() -> int:
    """Run the story in a folder that is removed afterwards."""
    parser = argparse.ArgumentParser(prog="python -m demo.two_spools", description=__doc__)
    parser.add_argument("--plant", choices=[PLANT], help="damage that the verdict must find")
    options = parser.parse_args()
    # A short path: a Unix socket's name has 107 bytes.
    folder = Path(tempfile.mkdtemp(prefix="passbook-"))
    try:
        return TwoSpools(folder).run(options.plant)
    finally:
        shutil.rmtree(folder)


if __name__ == "__main__":
    sys.exit(main())
