"""The authority of the branch: certificates are made and revoked by `passbookctl`."""

from __future__ import annotations

import json
import os
import resource
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

import firmware.ctl.__main__ as ctl
from tests.firmware.running_ctl import Appliance, Output, appliance, configuration, control, refused, stand_in
from tests.firmware.test_ctl_verify import stored
from tests.storage.special import SPECIAL, make_special

__all__ = ["appliance", "control", "stand_in"]


def request(folder: Path, name: str = "teller-1") -> Path:
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    key = ec.generate_private_key(ec.SECP256R1())
    made = x509.CertificateSigningRequestBuilder().subject_name(subject).sign(key, hashes.SHA256())
    file = folder / f"{name}.csr.pem"
    file.write_bytes(made.public_bytes(serialization.Encoding.PEM))
    return file


@pytest.fixture
def authority(tmp_path: Path, capsys: Output) -> list[str]:
    """An authority was made; the arguments that name it."""
    made = ["pki", "init", "--ca", str(tmp_path / "ca"), "--config-dir", str(tmp_path / "etc")]
    assert ctl.main([*made, "--name", "branch-17", "--host", "localhost", "127.0.0.1"]) == 0
    capsys.readouterr()
    return ["--ca", str(tmp_path / "ca")]


def enroll(authority: list[str], folder: Path, name: str = "teller-1") -> int:
    out = str(folder / f"{name}.pem")
    return ctl.main(["enroll", str(request(folder, name)), *authority, "--name", name, "--out", out])


def test_init_makes_what_the_example_configuration_names(authority: list[str], tmp_path: Path) -> None:
    assert authority
    for name in ("server.pem", "server-key.pem", "ca.pem", "revoked.pem", "appliance.key"):
        assert (tmp_path / "etc" / name).stat().st_size > 0
        assert name in (Path(ctl.__file__).parents[2] / "deploy/passbook.toml").read_text("utf-8")
    assert not [one for one in (tmp_path / "etc").iterdir() if "ca-key" in one.name]


def test_a_second_init_overwrites_nothing(authority: list[str], tmp_path: Path, capsys: Output) -> None:
    before = {one: one.read_bytes() for one in (tmp_path / "etc").iterdir()}
    again = ["pki", "init", *authority, "--config-dir", str(tmp_path / "etc"), "--name", "branch-17"]
    assert ctl.main(again) == 6
    refused(capsys, "file-problem")
    assert {one: one.read_bytes() for one in (tmp_path / "etc").iterdir()} == before


@pytest.mark.parametrize("place", ["x" * 300, "/".join(["x" * 200] * 30), "circle", "circle/x", "file/x"])
def test_a_path_that_cannot_be_used_is_one_sentence(
    authority: list[str], tmp_path: Path, capsys: Output, place: str
) -> None:
    (tmp_path / "circle").symlink_to("circle")
    (tmp_path / "file").touch()
    wrong, csr = str(tmp_path / place), str(request(tmp_path))
    named = ["--name", "teller-1"]
    for command in (
        ["pki", "init", "--ca", wrong, "--config-dir", str(tmp_path / "new"), "--name", "b"],
        ["pki", "init", "--ca", str(tmp_path / "new"), "--config-dir", wrong, "--name", "b"],
        ["enroll", wrong, *authority, *named, "--out", str(tmp_path / "out")],
        ["enroll", csr, "--ca", wrong, *named, "--out", str(tmp_path / "out")],
        ["revoke", "teller-1", "--ca", wrong, "--out", str(tmp_path / "out")],
        ["verify", "--areas", str(tmp_path), "--appliance", "b", "--appliance-key", wrong],
    ):
        assert ctl.main(command) == 6
        assert wrong in refused(capsys, "file-problem")
    for command, code in ((["--config", wrong, "status"], "configuration"), (["--control", wrong, "status"], None)):
        assert ctl.main(command) == 5
        refused(capsys, code or "control-unreachable")
    assert ctl.main([*stored(tmp_path), "--areas", wrong, "--json"]) == 5
    [found] = json.loads(capsys.readouterr().out)
    assert found["code"] in {"no-area-there", "area-fenced"}


@pytest.mark.parametrize("place", ["areas/a/ca", "areas/b/ca"])
def test_the_authority_does_not_lie_with_the_data(tmp_path: Path, capsys: Output, place: str) -> None:
    config = configuration(tmp_path)
    made = ["pki", "init", "--ca", str(tmp_path / place), "--config-dir", str(tmp_path / "etc"), "--name", "branch-17"]
    assert ctl.main(["--config", str(config), *made]) == 6
    assert "the authority must not lie in" in refused(capsys, "file-problem")
    assert not (tmp_path / place).exists()


def test_a_terminal_is_enrolled_under_the_name_that_the_operator_gives(authority: list[str], tmp_path: Path) -> None:
    assert enroll(authority, tmp_path) == 0
    certificate = x509.load_pem_x509_certificate((tmp_path / "teller-1.pem").read_bytes())
    (name,) = certificate.subject.get_attributes_for_oid(NameOID.COMMON_NAME)
    assert name.value == "teller-1"


def test_a_request_that_cannot_be_read_is_named(authority: list[str], tmp_path: Path, capsys: Output) -> None:
    order = ["enroll", str(tmp_path / "none"), *authority, "--name", "x", "--out", str(tmp_path / "x.pem")]
    assert ctl.main(order) == 6
    assert str(tmp_path / "none") in refused(capsys, "file-problem")


@pytest.mark.parametrize("kind", [*SPECIAL, "full", "circle/x", "file/x", "x" * 300])
def test_a_certificate_that_cannot_be_written_is_not_signed(
    authority: list[str], tmp_path: Path, capsys: Output, kind: str
) -> None:
    folder = tmp_path / "out"
    folder.mkdir()
    (folder / "circle").symlink_to("circle")
    (folder / "file").touch()
    out = folder / ("teller-1.pem" if kind in {*SPECIAL, "full"} else kind)
    if kind in SPECIAL:
        make_special(out, kind)
    before = {one: os.lstat(one).st_ino for one in folder.iterdir()}
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    order = ["enroll", str(request(tmp_path)), *authority, "--name", "teller-1", "--out"]
    register = (tmp_path / "ca" / "issued.jsonl").read_bytes()
    try:
        if kind == "full":
            resource.setrlimit(resource.RLIMIT_FSIZE, (512, limits[1]))
        assert ctl.main([*order, str(out)]) == 6
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
    assert str(out) in refused(capsys, "file-problem")
    assert {one: os.lstat(one).st_ino for one in folder.iterdir()} == before
    assert (tmp_path / "ca" / "issued.jsonl").read_bytes() == register
    assert ctl.main([*order, str(tmp_path / "new" / "teller-1.pem")]) == 0


@pytest.mark.parametrize("kind", SPECIAL)
def test_a_revocation_list_replaces_nothing_but_a_file(
    authority: list[str], tmp_path: Path, capsys: Output, kind: str
) -> None:
    enroll(authority, tmp_path)
    capsys.readouterr()
    out = tmp_path / "revoked.pem"
    make_special(out, kind)
    before = out.lstat().st_ino
    register = (tmp_path / "ca" / "issued.jsonl").read_bytes()
    assert ctl.main(["--control", "none", "revoke", "teller-1", *authority, "--out", str(out)]) == 6
    assert "a regular file is expected" in refused(capsys, "file-problem")
    assert out.lstat().st_ino == before
    assert (tmp_path / "ca" / "issued.jsonl").read_bytes() == register


def revoked(file: Path) -> int:
    return len(list(x509.load_pem_x509_crl(file.read_bytes())))


def test_a_revocation_is_written_and_told(
    authority: list[str], tmp_path: Path, control: str, appliance: Appliance, capsys: Output
) -> None:
    enroll(authority, tmp_path)
    capsys.readouterr()
    out = tmp_path / "revoked.pem"
    order = ["--control", control, "--json", "revoke", "teller-1", *authority, "--out", str(out)]
    assert ctl.main(order) == 0
    told = json.loads(capsys.readouterr().out)
    assert "remove it, and restart" in told.pop("passwords"), "a password of that terminal is valid still"
    assert told == {"revoked": "teller-1", "list": str(out), "appliance": "told"}
    assert revoked(out) == 1
    assert appliance.asked == [("revocations", {})]


def test_a_revocation_asks_at_the_usual_socket(
    authority: list[str], tmp_path: Path, capsys: Output, control: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As every other command does; the socket may be named by the environment."""
    enroll(authority, tmp_path)
    order = ["revoke", "teller-1", *authority, "--out", str(tmp_path / "revoked.pem")]
    monkeypatch.setattr(ctl, "USUAL_SOCKET", tmp_path / "nobody")
    capsys.readouterr()
    assert ctl.main(order) == 5
    assert "No such file or directory" in refused(capsys, "revocation-not-told")
    assert revoked(tmp_path / "revoked.pem") == 1
    monkeypatch.setenv("PASSBOOK_CONTROL", control)
    assert ctl.main(order) == 0
    assert "told" in capsys.readouterr().out


def test_an_appliance_that_reads_another_list_was_not_told(
    authority: list[str], tmp_path: Path, capsys: Output, control: str, appliance: Appliance
) -> None:
    enroll(authority, tmp_path)
    appliance.results["revocations"] = {"closed": [], "revoked": 0}
    capsys.readouterr()
    order = ["--control", control, "revoke", "teller-1", *authority, "--out", str(tmp_path / "elsewhere.pem")]
    assert ctl.main(order) == 5
    assert "it reads another list" in refused(capsys, "revocation-not-told")


def test_a_revocation_that_nobody_hears_is_written_and_says_so(
    authority: list[str], tmp_path: Path, capsys: Output
) -> None:
    enroll(authority, tmp_path)
    capsys.readouterr()
    order = ["--control", str(tmp_path / "none"), "revoke", "teller-1", *authority]
    assert ctl.main([*order, "--out", str(tmp_path / "revoked.pem")]) == 5
    assert "run passbookctl revocations" in refused(capsys, "revocation-not-told")
    assert revoked(tmp_path / "revoked.pem") == 1


def test_a_name_that_was_never_enrolled_is_refused(authority: list[str], tmp_path: Path, capsys: Output) -> None:
    assert ctl.main(["revoke", "nobody", *authority, "--out", str(tmp_path / "revoked.pem")]) != 0
    refused(capsys, "unknown-terminal")
    assert not (tmp_path / "revoked.pem").exists()
