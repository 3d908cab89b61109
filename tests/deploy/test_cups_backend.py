"""The CUPS backend as CUPS calls it, with a stand-in for `teller` that notes its words and ends as it is told."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Sequence
from pathlib import Path

import pytest

from passbook.errors.kinds import EXIT_CODES, Mender
from tests.house import ROOT
from tests.needed import need

BACKEND = ROOT / "deploy" / "cups" / "passbook-mail"
OK, CANCEL, RETRY = 0, 5, 6
"""Exit codes of the backend API (cups/backend.h)."""
UUID = "6d3b1f5e-0000-4000-8000-00000000002a"
OPTIONS = f"finishings=3 job-uuid=urn:uuid:{UUID} job-originating-host-name=localhost"
TO = "window-1@branch.example"
TELLER = """#!/bin/sh
for word; do printf '%s\\n' "$word"; done >>"$0.words"
cat >>"$0.documents"
echo "taken"
echo "{said}" >&2
exit {code}
"""


class Backend:
    """The backend with a folder of its own for what it makes."""

    def __init__(self, folder: Path) -> None:
        self._teller = folder / "teller"
        self.places = folder / "tmp"
        self.places.mkdir()
        self.path = os.environ["PATH"]
        self.uri = f"passbook-mail://{TO}"
        self.end(0, "")

    def end(self, code: int, said: str) -> None:
        """What the stand-in does from now on."""
        self._teller.touch(mode=0o755)
        self._teller.write_text(TELLER.format(code=code, said=said))

    def run(self, *words: str | Path, stdin: bytes = b"") -> tuple[int, str, str]:
        environment = {"PATH": self.path, "DEVICE_URI": self.uri, "TMPDIR": str(self.places)}
        environment["PASSBOOK_TELLER"] = str(self._teller)
        command = [str(BACKEND), *map(str, words)]
        ended = subprocess.run(command, input=stdin, env=environment, capture_output=True, check=False, timeout=60)
        return ended.returncode, ended.stdout.decode(), ended.stderr.decode()

    def print(self, document: bytes, *, copies: str = "1", options: str = OPTIONS) -> tuple[int, str]:
        file = self.places.parent / "d00042-001"
        file.write_bytes(document)
        code, _, said = self.run("42", "anna", "Für Dich; $(false)", copies, options, file)
        return code, said

    @property
    def words(self) -> Sequence[str]:
        file = self._teller.with_name("teller.words")
        return file.read_text().splitlines() if file.exists() else []

    @property
    def documents(self) -> bytes:
        return self._teller.with_name("teller.documents").read_bytes()


@pytest.fixture
def backend(tmp_path: Path) -> Backend:
    return Backend(tmp_path)


def test_without_words_it_says_what_it_is(backend: Backend) -> None:
    code, said, _ = backend.run()
    assert (code, said.split()[:2], said.count("\n")) == (OK, ["network", "passbook-mail"], 1)


def test_a_text_stays_the_text_that_it_is(backend: Backend) -> None:
    assert backend.print("Grüße\n".encode()) == (OK, "INFO: taken\n")
    assert backend.documents == "Grüße\n".encode()
    assert backend.words == [
        "mail",
        "-",
        "--format=text",
        f"--to={TO}",
        "--subject=Für Dich; $(false)",
        f"--message-id=cups-{UUID}.1@branch.example",
    ]
    assert list(backend.places.iterdir()) == []


def test_pdf_stays_pdf_and_each_copy_is_a_mail(backend: Backend) -> None:
    assert backend.print(b"%PDF-1.7\n", copies="2")[0] == OK
    assert [word for word in backend.words if word.startswith("--format")] == ["--format=pdf"] * 2
    ids = [word for word in backend.words if word.startswith("--message-id")]
    assert ids == [f"--message-id=cups-{UUID}.{copy}@branch.example" for copy in (1, 2)]


def test_standard_input_has_its_copies_already(backend: Backend) -> None:
    assert backend.run("42", "anna", "t", "3", OPTIONS, stdin=b"a line\n")[0] == OK
    assert backend.documents == b"a line\n"


def test_postscript_becomes_pdf(backend: Backend) -> None:
    need("ps2pdf")
    code, said = backend.print(b"%!PS\n72 720 moveto 100 100 lineto stroke showpage\n")
    assert (code, backend.documents[:5]) == (OK, b"%PDF-"), said
    assert "--format=pdf" in backend.words
    assert backend.print(b"%!PS\n(open\n")[0] == CANCEL
    assert list(backend.places.iterdir()) == []


def test_without_ghostscript_the_job_is_kept_and_the_package_named(backend: Backend, tmp_path: Path) -> None:
    programs = tmp_path / "programs"
    programs.mkdir()
    for name in ("sh", "mktemp", "rm", "head", "tr"):
        (programs / name).symlink_to(f"/usr/bin/{name}")
    backend.path = str(programs)
    code, said = backend.print(b"%!PS\nshowpage\n")
    assert (code, backend.words) == (RETRY, [])
    assert "Debian package ghostscript" in said


@pytest.mark.parametrize(
    ("code", "said", "wanted"),
    [
        (EXIT_CODES[Mender.NONE], "It is full. [mail-postponed]", RETRY),
        (EXIT_CODES[Mender.OPERATOR], "It is away. [mail-server-unreachable]", RETRY),
        (EXIT_CODES[Mender.CALLER], "It is refused. [mail-refused]", CANCEL),
        (EXIT_CODES[Mender.TELLER], "It is empty. [document-empty]", CANCEL),
        (EXIT_CODES[Mender.PROGRAMMER], "It is no text. [document-malformed]", CANCEL),
        (EXIT_CODES[Mender.CALLER], "No key.pem. [file-problem]", RETRY),
        (EXIT_CODES[Mender.CALLER], "No terminal.toml. [not-enrolled]", RETRY),
        (EXIT_CODES[Mender.CALLER], "teller mail: error: give --server HOST:PORT", RETRY),
        (127, "not found", RETRY),
        (143, "", RETRY),
    ],
)
def test_only_a_fault_of_the_job_itself_cancels_it(backend: Backend, code: int, said: str, wanted: int) -> None:
    backend.end(code, said)
    ended, told = backend.print(b"a line\n", copies="2")
    assert ended == wanted
    assert told.splitlines()[-1] == f"ERROR: {said or 'The command teller ended with code 143.'}"
    assert len([word for word in backend.words if word == "mail"]) == 1


def test_a_second_try_has_the_same_name_also_where_cups_draws_no_uuid(backend: Backend) -> None:
    for document in (b"a\n", b"a\n", b"b\n"):
        backend.print(document, options="finishings=3")
    first, second, other = (word for word in backend.words if word.startswith("--message-id"))
    assert first == second != other


@pytest.mark.parametrize("uri", ["passbook-mail://branch.example", "passbook-mail://", ""])
def test_a_wrong_device_is_the_fault_of_the_set_up(backend: Backend, uri: str) -> None:
    backend.uri = uri
    code, said = backend.print(b"a line\n")
    assert (code, backend.words) == (RETRY, [])
    assert "lpadmin -v" in said
