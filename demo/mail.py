"""`make demo-mail`: two appliances and a mail server between them; a broadcast, a failover, cut lines, a dead letter.

The bank's north and south branches have an appliance each, and mail between them goes over a postfix.  A person of the
bank sends; notifications come back to the bank's mailbox.  Papers, histories and notifications are the judge.
"""

from __future__ import annotations

import argparse
import shutil
import smtplib
import sys
import tempfile
import time
from contextlib import ExitStack
from email.message import EmailMessage
from email.policy import SMTP
from pathlib import Path
from typing import Any, Final, NamedTuple

from demo.mail_servers import Mailbox, Postfix, free_address, why_no_postfix
from demo.story import FORGOTTEN, NOTICE, SECOND, STATEMENT, Document
from demo.two_spools import read_document
from demo.verdict import Sent, table, verdict_row
from demo.world import World, await_fact
from drivers.simulator.faults import Now, Target
from passbook.mail.part_formats import MIME_TYPES
from terminal.home import Home

PLANT: Final = "twice"
"""The damage that the verdict must find: a document is sent once more as another mail."""
SENDER: Final = "anna@bank.example"
NORTH, SOUTH = "north", "south"


class Expected(NamedTuple):
    """A document and the branch on whose paper it must stand."""

    sent: Sent
    branch: str


class MailStory:
    """The two branches, the mail server between them, and the bank's mailbox."""

    def __init__(self, folder: Path) -> None:
        self._began = time.monotonic()
        self._folder = folder
        self.branches: dict[str, World] = {}
        for name in (NORTH, SOUTH):
            (folder / name).mkdir()
            self.branches[name] = World(folder / name)
        self.doors = {name: free_address() for name in self.branches}
        self.bank = Mailbox()
        self.expected: list[Expected] = []
        self.wrong: list[str] = []

    def say(self, words: str) -> None:
        """Tell what happens, with the time since the beginning."""
        print(f"{time.monotonic() - self._began:5.1f} s  {words}", flush=True)

    def run(self, plant: str | None) -> int:
        """Tell the story; return 0 when papers, histories and notifications agree."""
        with ExitStack() as stack:
            for world in self.branches.values():
                stack.enter_context(world)
                world.build()
            stack.enter_context(self.bank)
            self._prepare(stack)
            self._tell(plant)
            return self._judge()

    def _prepare(self, stack: ExitStack) -> None:
        north, south = self.branches[NORTH], self.branches[SOUTH]
        self.counter = north.enroll("counter-1")
        relay = Home(south.enroll("postfix").home)
        self.postfix = stack.enter_context(
            Postfix(
                self._folder / "postfix",
                {f"{SOUTH}.example": self.doors[SOUTH], f"{NORTH}.example": self.doors[SOUTH]},
                certificate=relay.certificate,
                key=relay.key,
            )
        )
        bank = f'[[hop]]\nname = "bank"\naddress = "{self.bank.address}"\ntls = "none"\n'
        bank += '[[route]]\nto = ["@bank.example"]\nhop = "bank"\n'
        closed = f'[[hop]]\nname = "closed"\naddress = "{self.doors[SOUTH]}"\ntls = "none"\n'
        closed += '[[route]]\nto = ["@closed.example"]\nhop = "closed"\n'
        relayed = f'[[hop]]\nname = "relay"\naddress = "{self.postfix.address}"\ntls = "none"\n'
        relayed += f'[[route]]\nto = ["@{SOUTH}.example"]\nhop = "relay"\n'
        north.write_config(
            extra=self._mail(NORTH, "grace_offline = 0.5\n")
            + f'[[route]]\nto = ["window-1@{NORTH}.example"]\nprinter = "window-1"\nsubstitutes = ["relay"]\n'
            + bank
            + closed
            + relayed,
            own_key_jobs=True,
        )
        south.write_config(
            extra=self._mail(SOUTH, 'appliances = ["postfix"]\n')
            + f'[[route]]\nto = ["window-1@{SOUTH}.example", "window-1@{NORTH}.example"]\nprinter = "window-1"\n'
            + bank,
            own_key_jobs=True,
        )
        for world in self.branches.values():
            world.start_appliance()
        self.say("The appliances north and south run, and a postfix between them; the bank has a mailbox.")

    def _mail(self, branch: str, more: str) -> str:
        return f'[mail]\nlisten = "{self.doors[branch]}"\nhostname = "{branch}.example"\n{more}'

    def _tell(self, plant: str | None) -> None:
        self._send(SECOND, "one", NORTH, SOUTH)
        self.say("A BROADCAST: one mail with an update for both branches.")
        for branch in (SOUTH, NORTH):
            self._print(SECOND, branch)
        self.say("It is on both papers; north handed it on before it printed its own copy.")
        self.branches[NORTH].mechanism.cut(Target.PRINTER, Now())
        self._send(NOTICE, "two", NORTH)
        self.say("THE PRINTER OF NORTH HAS NO POWER, and a text comes for it.")
        self._print(NOTICE, SOUTH)
        self.say("The text went to the substitute by itself: it is on the paper of south.")
        self.postfix.stop()
        self._send(FORGOTTEN, "three", SOUTH)
        self._await_reason("next-hop-unreachable")
        self.say("BOTH LINES ARE CUT: the postfix between the branches is off.  A text for south waits at north.")
        self.postfix.start()
        self._print(FORGOTTEN, SOUTH)
        self.say("The lines are back: it was handed on, and is on the paper of south once.")
        self._send(STATEMENT, "four", "closed")
        self._await_reason("next-hop-refused")
        [question] = [one for one in self.branches[NORTH].ctl("questions") if one["job"]["printer"] == "closed"]
        self.say(f"A DEAD LETTER: the next hop refused job {question['job']['job'][:8]}; people are asked.")
        manager = self.branches[NORTH].enroll("manager", representative=True)
        manager.run("answer", str(question["job"]["job"]), "--discard", "--person", "Ms Okafor")
        self.say("Ms Okafor discarded it.")
        if plant == PLANT:
            self._send(SECOND, "five", SOUTH)
            self._insert(SECOND, SOUTH)
            self.say("PLANTED DAMAGE: the update came as another mail, and is printed once more.")

    # People

    def _send(self, document: Document, name: str, *branches: str) -> None:
        """A program of the bank hands a mail to north, with the certificate of its terminal."""
        mail = EmailMessage(policy=SMTP)
        mail["From"], mail["Subject"], mail["Message-ID"] = SENDER, document.title, f"<{name}@bank.example>"
        kind, _, subtype = MIME_TYPES[document.format].partition("/")
        mail.add_attachment(document.file.read_bytes(), maintype=kind, subtype=subtype, filename=document.file.name)
        host, _, port = self.doors[NORTH].rpartition(":")
        with smtplib.SMTP(host, int(port), local_hostname="client.example", timeout=30) as client:
            client._host = "demo-appliance"  # type: ignore[attr-defined]  # noqa: SLF001  # the name in its certificate
            client.starttls(context=Home(self.counter.home).context())
            to = [f"window-1@{branch}.example" for branch in branches]
            client.send_message(mail, SENDER, to, rcpt_options=["NOTIFY=SUCCESS,FAILURE,DELAY"])

    def _print(self, document: Document, branch: str) -> None:
        """A person at the printer of a branch puts the book in and takes it out."""
        self.expected.append(Expected(read_document(document, ""), branch))
        self._insert(document, branch)

    def _insert(self, document: Document, branch: str) -> None:
        world = self.branches[branch]
        await_fact(lambda: self._asks(world), lambda: world.ctl("jobs"))
        before = self._count(world)
        page = read_document(document, "").plan[0].page
        world.put_in(document.book, page, document.layout)
        await_fact(lambda: self._count(world) > before, lambda: world.ctl("jobs"))
        world.mechanism.take()

    @staticmethod
    def _asks(world: World) -> bool:
        return any("media-needed" in one["reasons"] for one in world.ctl("jobs"))

    @staticmethod
    def _ends(world: World) -> list[dict[str, Any]]:
        told = world.ctl("history", "--last", "1000")
        return [one["entry"]["record"] for one in told if one["entry"]["kind"] == "ended"]

    def _count(self, world: World) -> int:
        return sum(one["printer"] == "window-1" for one in self._ends(world))

    def _await_reason(self, reason: str) -> None:
        north = self.branches[NORTH]
        await_fact(lambda: any(reason in one["reasons"] for one in north.ctl("jobs")), lambda: north.ctl("jobs"))

    # The verdict

    def _judge(self) -> int:
        print()
        print(table(verdict_row(one.sent, self.branches[one.branch].paper, []) for one in self.expected))
        print()
        for one in self.expected:
            row = verdict_row(one.sent, self.branches[one.branch].paper, [])
            if row.once != row.expected or row.wrong:
                self.wrong.append(f"{row.title}: {row.once} of {row.expected} lines are once on paper at {one.branch}")
        for name, world in self.branches.items():
            books = {one.sent.book for one in self.expected if one.branch == name}
            self.wrong += [f"{book} is on the paper of {name}" for book in sorted(set(world.paper.books) - books)]
            printed = sum(one["printer"] == "window-1" and one["state"] == "completed" for one in self._ends(world))
            if printed != sum(one.branch == name for one in self.expected):
                self.wrong.append(f"the history of {name} has {printed} printed jobs")
        self._judge_notifications()
        for sentence in self.wrong:
            print(f"DISAGREEMENT  {sentence}")
        print("Papers, histories and notifications agree." if not self.wrong else "They do not agree.")
        return 1 if self.wrong else 0

    def _judge_notifications(self) -> None:
        """The bank was told of each document on paper, and that the dead letter was discarded."""
        printed = sorted(("window-1@south.example", "printed") for one in self.expected if one.branch == SOUTH)
        wanted = {
            ("window-1@north.example", "printed"): 2,  # its own copy, and the one that the substitute printed
            ("window-1@south.example", "printed"): len(printed) - 1,
            ("window-1@closed.example", "discarded"): 1,
        }

        def counted() -> dict[tuple[str, str], int]:
            found = self.bank.outcomes()
            return {one: found.count(one) for one in wanted}

        try:
            await_fact(lambda: counted() == wanted, counted)
        except TimeoutError:
            self.wrong.append(f"the bank was told {counted()}, and expected {wanted}")
        self.say(f"The bank got {len(self.bank.mails)} notifications.")


def main() -> int:
    """Run the story in a folder that is removed afterwards."""
    parser = argparse.ArgumentParser(prog="python -m demo.mail", description=__doc__)
    parser.add_argument("--plant", choices=[PLANT], help="damage that the verdict must find")
    options = parser.parse_args()
    lacks = why_no_postfix()
    if lacks:
        print(
            f"Nothing was shown: {lacks} Install it (apt-get install postfix) and try again as root.", file=sys.stderr
        )
        return 1
    # A short path: a Unix socket's name has 107 bytes.
    folder = Path(tempfile.mkdtemp(prefix="passbook-"))
    folder.chmod(0o755)  # postfix gives up rights
    try:
        return MailStory(folder).run(options.plant)
    finally:
        shutil.rmtree(folder)


if __name__ == "__main__":
    sys.exit(main())
