from __future__ import annotations

import shutil
import ssl
from pathlib import Path

import pytest

from passbook.errors import PassbookError
from terminal.home import Home
from tests.terminal.conftest import Branch


def test_the_appliance_must_show_a_certificate_of_its_name(branch: Branch) -> None:
    context = branch.terminal("teller-1").context()
    assert context.verify_mode is ssl.CERT_REQUIRED
    assert context.check_hostname
    assert context.minimum_version is ssl.TLSVersion.TLSv1_3
    assert len(context.get_ca_certs()) == 1


@pytest.mark.parametrize("name", ["key.pem", "certificate.pem", "ca.pem"])
@pytest.mark.parametrize("content", [None, b"garbage"])
def test_each_file_is_needed(branch: Branch, tmp_path: Path, name: str, content: bytes | None) -> None:
    folder = tmp_path / "copy"
    shutil.copytree(branch.terminal("teller-1").folder, folder)
    (folder / name).unlink()
    if content is not None:
        (folder / name).write_bytes(content)
    with pytest.raises(PassbookError) as caught:
        Home(folder).context()
    assert caught.value.code == "file-problem"


def test_a_key_of_another_terminal_does_not_fit(branch: Branch, tmp_path: Path) -> None:
    folder = tmp_path / "copy"
    shutil.copytree(branch.terminal("teller-1").folder, folder)
    shutil.copy(branch.terminal("teller-2").key, folder / "key.pem")
    with pytest.raises(PassbookError) as caught:
        Home(folder).context()
    assert caught.value.code == "file-problem"
