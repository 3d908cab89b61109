"""What a check and a start say of files that cannot be used: always the file and the key, never a traceback."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from drivers.profile import read_builtin
from firmware.__main__ import main
from firmware.config.configuration import Config, load_configuration
from firmware.config.layouts import load_layouts
from firmware.config.loading import check_configuration, load_key, load_named
from firmware.identity import pki
from passbook.document.rendered_pages import MOST_FONT
from passbook.errors import PassbookError
from passbook.protocol.printer_setup import PrinterSetup
from tests.firmware.branch import APPLIANCE, PRINTER, Branch
from tests.passbook.strategies import layout_bytes
from tests.storage.special import SPECIAL, make_special

pytestmark = pytest.mark.slow

ROOT = Path(__file__).parents[2]
RECOVERY = '\nrecovery_public = "recovery.pub"\n'


@pytest.fixture
def branch(tmp_path: Path) -> Branch:
    """Files and a configuration that names all of them, which can all be used."""
    branch = Branch(tmp_path / "ours")
    (branch.etc / "recovery.pub").write_text(f"{bytes(range(32)).hex()}\n")
    (branch.etc / "layouts").mkdir()
    (branch.etc / "layouts" / "mine.toml").write_bytes(layout_bytes("sheet"))
    file = branch.config(RECOVERY).file
    file.write_text('layouts = "layouts"\n' + file.read_text())
    return branch


def file_of(branch: Branch) -> Path:
    return branch.etc / "passbook.toml"


def edit(branch: Branch, old: str, new: str) -> None:
    text = file_of(branch).read_text()
    assert old in text
    file_of(branch).write_text(text.replace(old, new, 1))


def start_with(config: Config) -> None:
    load_named(config)
    load_key(config, {})


def refused(branch: Branch) -> PassbookError:
    """What check() finds; a start finds the same."""
    config = load_configuration(file_of(branch))
    with pytest.raises(PassbookError) as caught:
        check_configuration(config, {})
    assert (caught.value.code, caught.value.facts["file"]) == ("configuration", str(file_of(branch)))
    with pytest.raises(PassbookError) as again:
        start_with(config)
    assert str(again.value) == str(caught.value)
    return caught.value


FILES = {
    "terminals.certificate": pki.SERVER,
    "terminals.key": pki.SERVER_KEY,
    "terminals.ca": pki.AUTHORITY,
    "terminals.revoked": pki.REVOKED,
    "keys.appliance": pki.APPLIANCE_KEY,
    "keys.recovery_public": "recovery.pub",
    "layouts": "layouts/mine.toml",
}


def test_what_can_be_used_is_all_right(branch: Branch, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--check", str(file_of(branch))]) == 0
    assert "all right" in capsys.readouterr().out
    loaded = load_named(load_configuration(file_of(branch)))
    assert loaded.recovery_public == bytes(range(32))
    assert set(loaded.layouts) == {"mine", *load_layouts(None)}
    assert loaded.dialects["front"].profile.name == "pr2"


@pytest.mark.parametrize(
    ("port", "warned"),
    [
        ("serial:///dev/ttyUSB0?flow=none", True),
        ("serial:///dev/ttyUSB0?baud=9600&flow=none", True),
        ("serial:///dev/ttyUSB0", False),
        ("serial:///dev/ttyUSB0?flow=xon", False),
        ("pty:///dev/pts/1", False),
        ("tcp://127.0.0.1:9100", False),
        ("rfc2217://127.0.0.1:2001?flow=none", True),
        ("rfc2217://127.0.0.1:2001", False),
        ("usb://04b8:0202/A1", False),
        ("usblp:///dev/usb/lp0", False),
    ],
)
def test_a_port_at_which_bytes_can_get_lost_unnoticed_is_warned_of(
    branch: Branch, capsys: pytest.CaptureFixture[str], port: str, warned: bool
) -> None:
    text = re.sub(r'(?m)^port = ".*"$', f'port = "{port}"', file_of(branch).read_text())
    file_of(branch).write_text(text)
    assert main(["--check", str(file_of(branch))]) == 0
    said = capsys.readouterr()
    assert "all right" in said.out
    assert said.err.count("[port-without-handshake]") == warned
    assert (port in said.err, "passbookd: warning: " in said.err) == (warned, warned)


@pytest.mark.parametrize(
    ("port", "why"),
    [
        ("serial:///dev/ttyUSB0?data=7", "data=7 cuts every character above 7F hex"),
        ("rfc2217://127.0.0.1:2001?data=7&parity=even", "data=7 cuts every character above 7F hex"),
        ("serial:///etc", "/etc is a folder and no device"),
        ("usblp:///etc/passwd", "/etc/passwd is a file of another kind and no device"),
        ("pty:///etc/passwd", "/etc/passwd is a file of another kind and no device"),
    ],
)
def test_a_doubtful_port_is_warned_of_and_the_appliance_may_start(
    branch: Branch, capsys: pytest.CaptureFixture[str], port: str, why: str
) -> None:
    text = re.sub(r'(?m)^port = ".*"$', f'port = "{port}"', file_of(branch).read_text())
    file_of(branch).write_text(text)
    assert main(["--check", str(file_of(branch))]) == 0
    said = capsys.readouterr().err
    assert said.count("[port-doubtful]") == 1
    assert why in said
    assert port in said


def test_pictures_over_a_line_that_takes_bytes_for_itself_are_warned_of(
    branch: Branch, capsys: pytest.CaptureFixture[str]
) -> None:
    before = re.sub(r"(?m)^dialect = .*\n", "", file_of(branch).read_text())
    for dialect, warned in (("pr2", 0), ("escpos", 1)):
        port = f'port = "serial:///dev/ttyUSB0?flow=xon"\ndialect = "{dialect}"\n'
        file_of(branch).write_text(re.sub(r"(?m)^port = .*\n", port, before))
        assert main(["--check", str(file_of(branch))]) == 0
        said = capsys.readouterr().err
        assert said.count("flow=xon takes the bytes 11 and 13 hex for itself") == warned


def test_numbers_over_a_line_that_takes_bytes_for_itself_are_warned_of_without_pictures_too(
    branch: Branch, capsys: pytest.CaptureFixture[str]
) -> None:
    shipped = read_builtin("escpos").decode()
    without = re.sub(r"(?ms)^\[dots\]\n.*?^\n", "", shipped)
    assert without != shipped
    (branch.etc / "lines.toml").write_text(without)
    port = 'port = "serial:///dev/ttyUSB0?flow=xon"\ndialect = "escpos"\nprofile = "lines.toml"\n'
    before = re.sub(r"(?m)^dialect = .*\n", "", file_of(branch).read_text())
    file_of(branch).write_text(re.sub(r"(?m)^port = .*\n", port, before))
    assert main(["--check", str(file_of(branch))]) == 0
    assert "flow=xon takes the bytes 11 and 13 hex for itself" in capsys.readouterr().err


def test_forms_that_no_layout_takes_are_warned_of(branch: Branch, capsys: pytest.CaptureFixture[str]) -> None:
    before = file_of(branch).read_text()
    for kind, warned in (("certificate", 0), ("certifcate", 1)):
        file_of(branch).write_text(f'{before}\n[[printer.form]]\nkind = "{kind}"\nnumbered = true\n')
        assert main(["--check", str(file_of(branch))]) == 0
        said = capsys.readouterr().err
        assert said.count("[form-unused]") == warned
        assert ("kinds that layouts take: certificate." in said) is bool(warned)


@pytest.mark.parametrize(
    ("port", "why"),
    [
        ("serial:///dev/ttyUSB0?parity=mark", "parity is not one of none, even, odd"),
        ("usb://4b8:202/A1", "expected usb://VENDOR:PRODUCT/SERIAL with two numbers of four hexadecimal digits"),
        ("rfc2217://server", "expected rfc2217://HOST:PORT with a port from 1 to 65535"),
    ],
)
def test_a_bad_port_is_one_sentence_with_file_key_and_what_is_allowed(
    branch: Branch, capsys: pytest.CaptureFixture[str], port: str, why: str
) -> None:
    text = re.sub(r'(?m)^port = ".*"$', f'port = "{port}"', file_of(branch).read_text())
    file_of(branch).write_text(text)
    assert main(["--check", str(file_of(branch))]) == 5
    said = capsys.readouterr().err
    assert said.count("\n") == 1
    assert all(part in said for part in (str(file_of(branch)), "printer[0].port", port, why))


@pytest.mark.parametrize("content", [b"", b"garbage", b"\xff\x00", b"ab" * 31, b"zz" * 32])
@pytest.mark.parametrize("key", FILES)
def test_a_damaged_file_is_named_with_its_key(branch: Branch, key: str, content: bytes) -> None:
    damaged = branch.etc / FILES[key]
    damaged.write_bytes(content)
    error = refused(branch)
    assert error.facts["key"] == key
    assert str(damaged) in str(error)


@pytest.mark.parametrize("key", [key for key in FILES if key != "layouts"])
def test_a_file_that_is_missing_is_named_with_its_key(branch: Branch, key: str) -> None:
    (branch.etc / FILES[key]).unlink()
    error = refused(branch)
    assert error.facts["key"] == key
    assert f"{branch.etc / FILES[key]} cannot be read: No such file" in str(error)


@pytest.mark.parametrize("kind", SPECIAL)
@pytest.mark.parametrize("key", FILES)
def test_what_is_no_regular_file_is_refused(branch: Branch, key: str, kind: str) -> None:
    make_special(branch.etc / FILES[key], kind)
    error = refused(branch)
    assert error.facts["key"] == key
    assert f"it is {SPECIAL[kind]}, and a regular file is expected" in str(error)


@pytest.mark.parametrize("kind", SPECIAL)
def test_a_configuration_that_is_no_regular_file_is_refused(
    branch: Branch, kind: str, capsys: pytest.CaptureFixture[str]
) -> None:
    make_special(file_of(branch), kind)
    assert main(["--check", str(file_of(branch))]) != 0
    [line] = capsys.readouterr().err.splitlines()
    assert f"it is {SPECIAL[kind]}, and a regular file is expected" in line


def check_refused(branch: Branch) -> str:
    """What a check says of the control socket."""
    with pytest.raises(PassbookError) as caught:
        check_configuration(load_configuration(file_of(branch)), {})
    assert (caught.value.code, caught.value.facts["key"]) == ("configuration", "control")
    return str(caught.value.facts["why"])


@pytest.mark.parametrize("kind", ["pipe", "folder", "zero"])
def test_a_control_socket_whose_name_is_taken_is_refused(branch: Branch, kind: str) -> None:
    control = load_configuration(file_of(branch)).control
    make_special(control, kind)
    assert "is no socket" in check_refused(branch)


def test_a_control_socket_that_serves_is_all_right(branch: Branch) -> None:
    make_special(load_configuration(file_of(branch)).control, "socket")
    check_configuration(load_configuration(file_of(branch)), {})


@pytest.mark.parametrize(("folder", "why"), [("missing", "it is no folder"), ("file", "Not a directory")])
def test_a_control_socket_without_a_folder_is_refused(branch: Branch, folder: str, why: str) -> None:
    (branch.folder / "file").touch()
    edit(branch, f"{branch.folder}/control", f"{branch.folder}/{folder}/control")
    assert why in check_refused(branch)


def test_a_control_socket_in_a_folder_that_cannot_be_written_to_is_refused(
    branch: Branch, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(os, "access", lambda path, _mode: path != branch.folder)
    assert "no socket can be made in it" in check_refused(branch)


def test_a_control_socket_with_too_long_a_path_is_refused(branch: Branch) -> None:
    edit(branch, f"{branch.folder}/control", f"{branch.folder}/{'c' * 108}")
    assert main(["--check", str(file_of(branch))]) != 0


@pytest.mark.parametrize("key", ["terminals.key", "keys.appliance"])
def test_a_secret_that_everybody_can_read_is_refused(branch: Branch, key: str) -> None:
    (branch.etc / FILES[key]).chmod(0o604)
    assert refused(branch).facts["key"] == key


@pytest.mark.parametrize(
    ("key", "names"),
    [
        ("terminals.key", [pki.SERVER_KEY]),
        ("terminals.revoked", [pki.REVOKED]),
        ("terminals.ca", [pki.AUTHORITY]),
        ("terminals.certificate", [pki.SERVER, pki.SERVER_KEY]),
        ("terminals.certificate", [pki.AUTHORITY, pki.REVOKED]),
    ],
)
def test_files_of_another_branch_do_not_go_with_ours(
    branch: Branch, tmp_path: Path, key: str, names: list[str]
) -> None:
    other = Branch(tmp_path / "theirs")
    for name in names:
        (branch.etc / name).write_bytes((other.etc / name).read_bytes())
    assert refused(branch).facts["key"] == key


def test_a_recovery_key_for_which_nothing_can_be_sealed_is_refused(branch: Branch) -> None:
    (branch.etc / "recovery.pub").write_text("00" * 32)
    assert refused(branch).facts["key"] == "keys.recovery_public"


def test_missing_layouts_are_named(branch: Branch) -> None:
    edit(branch, '"layouts"', '"elsewhere"')
    assert refused(branch).facts["key"] == "layouts"


def test_the_layout_of_a_route_must_be_there(branch: Branch) -> None:
    file = file_of(branch)
    mail = '[mail]\nlisten = "127.0.0.1:2525"\nhostname = "branch.example"\n'
    route = f'[[route]]\nto = ["*"]\nprinter = "{PRINTER}"\nlayout = "mine"\n'
    edit(branch, RECOVERY, f"{RECOVERY}own_key_jobs = true\n")
    file.write_text(file.read_text() + mail + route)
    check_configuration(load_configuration(file), {})
    edit(branch, 'layout = "mine"', 'layout = "mime"')
    found = refused(branch)
    assert found.facts["key"] == "route[0].layout"
    assert "mine, savings-24, sheet" in str(found)


def test_an_unknown_dialect_is_named_with_the_known_ones(branch: Branch) -> None:
    edit(branch, "[terminals]", 'dialect = "pr3"\n[terminals]')
    error = refused(branch)
    assert error.facts["key"] == "printer[0].dialect"
    assert "pr3" in str(error)
    assert "known: pr2" in str(error)


def test_a_group_that_this_machine_lacks_is_named(branch: Branch) -> None:
    edit(branch, "[terminals]", '[operators]\nauditors = ["no-such-group"]\n[terminals]')
    error = refused(branch)
    assert error.facts["key"] == "operators.auditors"
    assert "this machine has no group no-such-group" in str(error)


def test_a_group_of_auditors_is_found(branch: Branch) -> None:
    edit(branch, "[terminals]", '[operators]\nauditors = ["root"]\n[terminals]')
    assert load_named(load_configuration(file_of(branch))).callers.are_others_welcome


@pytest.mark.parametrize("name", ["latin1", "utf-8", "base64"])
def test_an_unknown_code_page_is_named_with_the_known_ones(branch: Branch, name: str) -> None:
    edit(branch, "[terminals]", f'code_page = "{name}"\n[terminals]')
    error = refused(branch)
    assert error.facts["key"] == "printer[0].code_page"
    assert "cp858" in str(error)
    assert "latin-1" in str(error)


def test_a_credential_is_checked_only_when_handed_over_and_needed_at_a_start(branch: Branch, tmp_path: Path) -> None:
    edit(branch, '"appliance.key"', '"credential:appliance-key"')
    config = load_configuration(file_of(branch))
    check_configuration(config, {})
    with pytest.raises(PassbookError, match=r"keys\.appliance: credential:appliance-key: there is no credentials"):
        load_key(config, {})
    with pytest.raises(PassbookError, match=r"keys\.appliance: .* cannot be read"):
        check_configuration(config, {"CREDENTIALS_DIRECTORY": str(tmp_path)})
    (tmp_path / "appliance-key").write_text("ab" * 31)
    (tmp_path / "appliance-key").chmod(0o400)
    with pytest.raises(PassbookError, match=r"keys\.appliance: .*: expected 32 bytes"):
        check_configuration(config, {"CREDENTIALS_DIRECTORY": str(tmp_path)})


# As a process


def passbookd(*arguments: str) -> subprocess.CompletedProcess[str]:
    environ = {name: value for name, value in os.environ.items() if name != "NOTIFY_SOCKET"}
    command = [sys.executable, "-m", "firmware", *arguments]
    return subprocess.run(command, cwd=ROOT, env=environ, capture_output=True, text=True, timeout=60, check=False)


def a_damaged_recovery_key(branch: Branch) -> None:
    (branch.etc / "recovery.pub").write_text("not a key")


def a_short_appliance_key(branch: Branch) -> None:
    (branch.etc / pki.APPLIANCE_KEY).write_text("short")


def an_unknown_dialect(branch: Branch) -> None:
    edit(branch, "[terminals]", 'dialect = "pr3"\n[terminals]')


def a_small_quota(branch: Branch) -> None:
    edit(branch, "64 MiB", "1 MiB")


@pytest.mark.long
@pytest.mark.parametrize(
    ("harm", "key"),
    [
        (a_damaged_recovery_key, "keys.recovery_public"),
        (a_short_appliance_key, "keys.appliance"),
        (an_unknown_dialect, "printer[0].dialect"),
        (a_small_quota, "area[0].quota"),
    ],
)
def test_check_and_start_say_the_same_in_one_line_before_anything_is_opened(
    branch: Branch, harm: Callable[[Branch], None], key: str
) -> None:
    harm(branch)
    checked, begun = (passbookd(option, str(file_of(branch))) for option in ("--check", "--config"))
    assert (checked.returncode, begun.returncode) == (5, 5)
    assert checked.stderr == begun.stderr
    [line] = begun.stderr.splitlines()
    assert line.startswith(f"passbookd: {file_of(branch)}: {key}: ")
    assert line.endswith("[configuration]")
    assert not (branch.folder / "a").exists()


def with_printer(branch: Branch, keys: str) -> Config:
    """The configuration with these keys in its one printer."""
    edit(branch, "[terminals]", f"{keys}\n[terminals]")
    return load_configuration(file_of(branch))


def test_a_printer_without_keys_of_a_set_up_is_that_of_its_dialect(branch: Branch) -> None:
    dialect = load_named(load_configuration(file_of(branch))).dialects[PRINTER]
    assert (dialect.setup, dialect.elementary_step) == (PrinterSetup(), 240)


def test_the_set_up_of_a_printer_is_read(branch: Branch) -> None:
    config = with_printer(branch, 'elementary_step = 216\nx_offset = "1 in"\ny_offset = "-1/16 in"')
    dialect = load_named(config).dialects[PRINTER]
    assert (dialect.elementary_step, dialect.setup.x_offset, dialect.setup.y_offset) == (216, 2160, -135)


OWN = 'extends = "pr2"\nname = "mine"\n[times]\nmotion = 30.0\n'


@pytest.mark.parametrize("place", ["beside.toml", "sub/beside.toml", "beside"])
def test_a_profile_lies_beside_the_configuration_or_in_the_folder_of_profiles(branch: Branch, place: str) -> None:
    for folder in (branch.etc, branch.etc / "sub", branch.etc / "profiles"):
        folder.mkdir(exist_ok=True)
        (folder / "beside.toml").write_bytes(b"\xef\xbb\xbf" + OWN.encode())
    edit(branch, 'layouts = "layouts"\n', 'layouts = "layouts"\nprofiles = "profiles"\n')
    dialect = load_named(with_printer(branch, f'profile = "{place}"')).dialects[PRINTER]
    assert (dialect.profile.name, dialect.profile.times.motion) == ("mine", 30.0)
    assert dialect.setup.profile == OWN


@pytest.mark.parametrize(
    ("keys", "key", "why"),
    [
        ("elementary_step = 180", "elementary_step", "expected 240 or 216 steps to the inch"),
        ("elementary_step = 0", "elementary_step", "expected a whole number of steps to the inch"),
        ('elementary_step = "240"', "elementary_step", "expected a whole number of steps to the inch"),
        ("x_offset = 3", "x_offset", "expected a length such as"),
        ('x_offset = "3"', "x_offset", "expected a length such as"),
        ('x_offset = "51 mm"', "x_offset", "at most 50 mm either way"),
        ('y_offset = "-3 cm"', "y_offset", "expected a length such as"),
        ('profile = ""', "profile", "expected the name of a profile"),
        ("profile = 7", "profile", "expected the name of a profile"),
        ('profile = "a b"', "profile", "expected the name of a profile"),
        ('profile = "missing.toml"', "profile", "missing.toml cannot be read"),
        ('profile = "mine"', "profile", "has no profile mine; known: other"),
        ('profile = "wrong.toml"', "profile", "wrong.toml: times.answer: Expected `float` <= 600"),
        ('profile = "foreign.toml"', "profile", "foreign.toml: extends: escpos comes not with this dialect"),
        ('profile = "binary.toml"', "profile", "binary.toml: expected UTF-8"),
        ('profile = "long.toml"', "profile", "expected at most 32768"),
        ('profile = "profiles/"', "profile", "expected the name of a profile"),
        ('profle = "mine"', "profle", "did you mean profile?"),
        ('font = "profiles/other.toml"', "font", "dialect pr2 prints no graphics"),
        ("font = 7", "font", "expected a path"),
        ("code_page = 7", "code_page", "expected a code page"),
        ('code_page = "cp999"', "code_page", "known: cp1250, cp437, cp737, cp850"),
    ],
)
def test_bad_input_of_each_key_of_a_set_up_is_named(branch: Branch, keys: str, key: str, why: str) -> None:
    (branch.etc / "profiles").mkdir()
    (branch.etc / "profiles" / "other.toml").write_text(OWN)
    (branch.etc / "profiles" / "._other.toml").write_bytes(b"\0")
    (branch.etc / "wrong.toml").write_text('extends = "pr2"\n[times]\nanswer = 1000\n')
    (branch.etc / "foreign.toml").write_text('extends = "escpos"\n')
    (branch.etc / "binary.toml").write_bytes(b"\xff\xfe")
    (branch.etc / "long.toml").write_text(OWN + "# long\n" * 5000)
    edit(branch, 'layouts = "layouts"\n', 'layouts = "layouts"\nprofiles = "profiles"\n')
    with pytest.raises(PassbookError) as caught:
        load_named(with_printer(branch, keys))
    assert (caught.value.code, caught.value.facts["key"]) == ("configuration", f"printer[0].{key}")
    assert why in str(caught.value.facts["why"])


def test_a_profile_that_is_named_needs_its_folder(branch: Branch) -> None:
    config = with_printer(branch, 'profile = "mine"')
    with pytest.raises(PassbookError, match=r"printer\[0\]\.profile.*expected the key profiles"):
        load_named(config)


@pytest.mark.parametrize("key", ["layouts", "profiles"])
def test_a_foreign_file_in_a_folder_is_warned_of_and_stops_nothing(
    branch: Branch, capsys: pytest.CaptureFixture[str], key: str
) -> None:
    (branch.etc / "profiles").mkdir()
    (branch.etc / key / "._x.toml").write_bytes(b"\0\5\x16\7")
    edit(branch, 'layouts = "layouts"\n', 'layouts = "layouts"\nprofiles = "profiles"\n')
    assert main(["--check", str(file_of(branch))]) == 0
    said = capsys.readouterr()
    assert "all right" in said.out
    assert said.err.count("[file-passed-over]") == 1
    assert str(branch.etc / key / "._x.toml") in said.err


def test_a_folder_of_profiles_that_is_none_is_named(branch: Branch) -> None:
    edit(branch, 'layouts = "layouts"\n', 'layouts = "layouts"\nprofiles = "elsewhere"\n')
    assert refused(branch).facts["key"] == "profiles"


def test_an_appliance_has_the_name_in_its_certificate(branch: Branch) -> None:
    edit(branch, f'appliance = "{APPLIANCE}"', 'appliance = "another"')
    error = refused(branch)
    assert error.facts["key"] == "appliance"
    assert f"is that of {APPLIANCE}" in str(error)


def test_another_authority_is_blamed_and_not_the_revocation_list(branch: Branch, tmp_path: Path) -> None:
    (branch.etc / pki.AUTHORITY).write_bytes((Branch(tmp_path / "theirs").etc / pki.AUTHORITY).read_bytes())
    error = refused(branch)
    assert error.facts["key"] == "terminals.ca"
    assert "expected the authority that signed" in str(error)


FONT = b"\0\1\0\0" + b"the rest is judged by the program that draws"


@pytest.mark.parametrize(
    ("content", "why"),
    [
        (None, "cannot be read: No such file"),
        (b"", "is no font; expected a TrueType or OpenType font"),
        (b"%PDF-1.4", "is no font"),
        (FONT + bytes(MOST_FONT), f"has more than {MOST_FONT} bytes"),
    ],
)
def test_a_file_that_is_no_font_stops_the_start(branch: Branch, content: bytes | None, why: str) -> None:
    if content is not None:
        (branch.etc / "hindi.ttf").write_bytes(content)
    with pytest.raises(PassbookError) as caught:
        load_named(with_printer(branch, 'dialect = "escpos"\nfont = "hindi.ttf"'))
    assert caught.value.facts["key"] == "printer[0].font"
    assert why in str(caught.value.facts["why"])


@pytest.mark.parametrize("kind", SPECIAL)
def test_a_font_that_may_have_no_end_stops_the_start(branch: Branch, kind: str) -> None:
    font = branch.etc / "hindi.ttf"
    make_special(font, kind)
    with pytest.raises(PassbookError) as caught:
        load_named(with_printer(branch, 'dialect = "escpos"\nfont = "hindi.ttf"'))
    assert f"{font} cannot be read: it is {SPECIAL[kind]}, and a regular file" in str(caught.value.facts["why"])


def test_a_font_is_read_beside_the_configuration(branch: Branch) -> None:
    (branch.etc / "hindi.ttf").write_bytes(FONT)
    assert load_named(with_printer(branch, 'dialect = "escpos"\nfont = "hindi.ttf"')).fonts == {PRINTER: FONT}
