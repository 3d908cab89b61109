"""`teller agent` and `teller spool`: the process with the terminal's own spool, and what is so in it."""

from __future__ import annotations

import argparse
import secrets
from typing import Final

from passbook.errors import PassbookError
from passbook.protocol.messages import REQUESTER_KEY_BYTES
from spooler import hardening, logs
from spooler.clock import SystemClock, stamp
from spooler.machine import MACHINE
from spooler.problems import Problems
from spooler.supervisor import Supervisor
from storage import self_test
from terminal import enrollment
from terminal.commands import AddCommand
from terminal.keyring import AGENT_STORE, KeyRing
from terminal.spool_figures import spool_lines
from terminal.workplace import Workplace

_LOG: Final = logs.Log("store")


def add(command: AddCommand) -> None:
    """Add the command."""
    parser = command(
        "agent", help="hold the connection and a spool of this terminal until it is stopped; other commands then use it"
    )
    parser.add_argument(
        "--new-spool", action="store_true", help="begin a new spool in place of one that is lost for good, once"
    )
    parser.set_defaults(run=run)
    spool = command("spool", help="how full the spool of this terminal is, whether it takes documents, and the network")
    spool.set_defaults(run=run_spool)


async def run(workplace: Workplace, arguments: argparse.Namespace) -> int:
    """Serve until SIGTERM or Ctrl-C; return 0."""
    # These modules would take a quarter of the time in which any other command starts.
    from terminal.agent.agent_settings import load_agent_config  # noqa: PLC0415
    from terminal.agent.own_store import OwnStore, begin_anew, open_own_store  # noqa: PLC0415
    from terminal.agent.running_agent import Agent  # noqa: PLC0415

    home = workplace.home
    config = load_agent_config(home.agent_config)
    terminal = enrollment.name_of(home)
    home.address()
    ring = _ring_with_store(workplace)
    logs.configure("info")
    hardening.harden()
    Supervisor().watch_threads()
    self_test.check_primitives(secrets.token_bytes)
    clock = SystemClock()
    if arguments.new_spool:
        begin_anew(home.spool, home.spool_state)
    problems = Problems()
    for warning in config.warnings:
        problems.add(warning)
    store: OwnStore = open_own_store(
        home.spool,
        ring.stores[AGENT_STORE],
        state=home.spool_state,
        quota_mib=config.quota_mib,
        machine=MACHINE,
        rng=secrets.token_bytes,
        at=stamp(clock),
        report=lambda problem: _report(problem, problems),
    )
    problems.is_over = store.spool.is_over
    await Agent(home, config, ring, store, terminal, problems=problems, clock=clock).run()
    return 0


def _report(problem: PassbookError, problems: Problems) -> None:
    """Note a problem of the storage until it is over.  Any thread may call it."""
    _LOG.error("storage-problem", code=problem.code, area=str(problem.facts.get("area", "")))
    problems.add(problem)


async def run_spool(workplace: Workplace, _arguments: argparse.Namespace) -> int:
    """Show the figures of the agent; return 0."""
    figures = await workplace.agent_settings()
    if figures is None:
        raise PassbookError("agent-needed", requester=enrollment.name_of(workplace.home))
    workplace.console.show(figures, spool_lines(figures))
    return 0


def _ring_with_store(workplace: Workplace) -> KeyRing:
    """The open key ring, with the secret of the agent's spool, which is drawn once."""
    if AGENT_STORE not in workplace.ring().stores:
        secret = secrets.token_bytes(REQUESTER_KEY_BYTES)
        workplace.change_ring(lambda ring: ring.with_store(AGENT_STORE, secret))
    return workplace.ring()
