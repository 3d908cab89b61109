"""A branch for the tests of this folder: its authority, and terminals that are enrolled with it."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

import pytest

from firmware.identity import pki
from terminal import enrollment
from terminal.home import Home


class Branch:
    """An authority, an appliance's configuration folder, and terminals that are enrolled with it."""

    def __init__(self, folder: Path, appliance: str = "window-server", made: dt.datetime | None = None) -> None:
        self.appliance = appliance
        self.folder = folder
        self.ca = folder / "ca"
        self.config = folder / "config"
        pki.init(self.ca, self.config, appliance, ["127.0.0.1"], made or _now())

    def terminal(self, name: str, *, representative: bool = False) -> Home:
        home = Home(self.folder / name)
        if not home.certificate.exists():
            request = enrollment.begin_enrollment(home, name, representative=representative).read_bytes()
            signed = self.folder / f"{name}.pem"
            signed.write_bytes(pki.sign_request(self.ca, request, name, representative=representative, now=_now()))
            enrollment.finish_enrollment(home, signed, self.config / pki.AUTHORITY, "127.0.0.1", None)
        return home


def _now() -> dt.datetime:
    return dt.datetime.now(dt.UTC)


@pytest.fixture(scope="session")
def branch(tmp_path_factory: pytest.TempPathFactory) -> Branch:
    return Branch(tmp_path_factory.mktemp("branch"))


@pytest.fixture(scope="session")
def other_branch(tmp_path_factory: pytest.TempPathFactory) -> Branch:
    return Branch(tmp_path_factory.mktemp("other"))
