"""The search of a thief of the disk: for texts of documents and keys, in every form (N2, P5)."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from demo.secrets_search import long_enough, search_files
from demo.verdict import Sent
from demo.world import Terminal, World
from passbook.document.documents import PassbookUpdate, parse_document
from passbook.document.plan import Line
from terminal import keyring

FORMATS = {".csv": "passbook-update+csv", ".txt": "text"}


def secrets_of(sent: Iterable[Sent], files: Iterable[Path], terminals: Iterable[Terminal]) -> dict[str, str | bytes]:
    """All secrets that may not lie on the disk in clear, by a name that may be told."""
    texts = [text for document in sent for text in _texts(document)]
    texts += [account for file in files if (account := _account(file))]
    secrets: dict[str, str | bytes] = {f"text {n}": text for n, text in enumerate(long_enough(texts), 1)}
    for terminal in terminals:
        ring = keyring.load_ring(terminal.home / "keyring", terminal.passphrase.encode())
        secrets |= {f"key {ref} of {terminal.name}": key for ref, key in {**ring.keys, **ring.recovery}.items()}
        secrets[f"passphrase of {terminal.name}"] = terminal.passphrase
    return secrets


def search_disk(world: World, secrets: dict[str, str | bytes]) -> list[str]:
    """The secrets that were found in the data folder or in the log; none should be."""
    found = search_files([world.data, world.log_file], secrets)
    return [f"{finding.secret} lies on the disk ({finding.form} in {finding.where})" for finding in found]


def search_paper(world: World, sent: Iterable[Sent]) -> list[str]:
    """The texts that the same search does not find on paper, where they must be."""
    texts = {text: text for document in sent for text in long_enough(_texts(document))}
    found = {finding.secret for finding in search_files([world.paper_file], texts)}
    return [f"a text of {len(text)} characters is not on paper: the search is blind" for text in texts.keys() - found]


def _texts(document: Sent) -> list[str]:
    return [run.text for step in document.plan if isinstance(step, Line) for run in step.runs]


def _account(file: Path) -> str:
    document = parse_document(FORMATS[file.suffix], file.read_bytes())
    return document.account if isinstance(document, PassbookUpdate) else ""
