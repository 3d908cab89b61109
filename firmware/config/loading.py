"""All files that the configuration names, read and judged in one place, for a check and for a boot.

Each error is PassbookError `configuration` and names the file and the key that led to the fault.
"""

from __future__ import annotations

import os
import re
import ssl
import stat
from collections.abc import Callable, Collection, Mapping
from pathlib import Path
from typing import Final, NamedTuple, TypeVar

from cryptography import x509
from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey

from drivers.dialects.dialect import Dialect
from drivers.dialects.known import DIALECTS
from drivers.ports.doubts import port_warnings
from firmware.config.configuration import CONTROL_SOCKET, Config, PrinterConfig
from firmware.config.layouts import foreign_files, load_imports, load_layouts, toml_files
from firmware.config.mail_settings import HopConfig
from firmware.identity.callers import Callers, number_of_group
from firmware.identity.certificates import NAME
from firmware.identity.server_tls import (
    Trust,
    hop_context,
    hosts_in,
    is_signature_missing,
    load_certificate,
    load_private_key,
    load_trust,
    mail_context,
    name_in,
    server_context,
)
from passbook.document.import_profile import ImportProfile
from passbook.document.layout import BookLayout
from passbook.document.rendered_pages import MOST_FONT
from passbook.errors import PassbookError, shown
from passbook.protocol.printer_setup import MOST_PROFILE, PrinterSetup
from spooler.next_hop import Access
from storage import ApplianceKey, files

T = TypeVar("T")

SECRET: Final = frozenset({"terminals.key", "keys.appliance", "mail.passwords"})
"""The keys of the configuration whose files only the appliance may read."""
_FONT_HEADS: Final = (b"\0\1\0\0", b"OTTO", b"true", b"ttcf")
"""The first bytes of a TrueType or OpenType font, or of a collection of them."""
_OTHERS: Final = 0o007
LEAST_PASSWORD: Final = 12
"""Characters of a password for SMTP AUTH."""
_RECOVERY_PUBLIC: Final = re.compile(rb"\s*([0-9A-Fa-f]{64})\s*")


class Loaded(NamedTuple):
    """The content of the files that the configuration names, without the appliance key.

    Attributes:
        recovery_public: 32 bytes, X25519; None when there is no recovery key.
        context: for the door of the terminals.
        hosts: the names of its certificate, under which browsers reach it.
        callers: the users of the operators' socket.
        dialects: by printer.
        layouts: by name.
        fonts: the bytes of a font by printer, where it has one.
        imports: import profiles by name.
        mail_context: for the mail door, and passwords of terminals by name; None and none without one.
        hops: how conversations with next hops begin, by name.
    """

    recovery_public: bytes | None
    trust: Trust
    context: ssl.SSLContext
    hosts: frozenset[str]
    callers: Callers
    dialects: dict[str, Dialect]
    layouts: dict[str, BookLayout]
    fonts: dict[str, bytes]
    imports: dict[str, ImportProfile]
    mail_context: ssl.SSLContext | None
    mail_passwords: Mapping[str, str]
    hops: Mapping[str, Access]


def check_configuration(config: Config, environ: Mapping[str, str] = os.environ) -> Loaded:
    """Read every file that a boot would read; returns what a boot would have.

    The check looks at a credential only if systemd handed credentials over: a person who checks has none.
    """
    loaded = load_named(config)
    _check_control(config)
    if config.keys.appliance.path is not None or "CREDENTIALS_DIRECTORY" in environ:
        load_key(config, environ)
    return loaded


def warnings(config: Config, loaded: Loaded) -> list[PassbookError]:
    """The warnings for an operator about a configuration with which the appliance boots."""
    found: list[PassbookError] = []
    taken = {layout.form for layout in loaded.layouts.values() if layout.form}
    for one in config.printers:
        found += port_warnings(one.name, one.port, takes_any_byte=loaded.dialects[one.name].takes_any_byte)
        for kind in sorted({form.kind for form in one.forms} - taken):
            known = ", ".join(sorted(taken)) or "none"
            found.append(PassbookError("form-unused", printer=one.name, form=kind, known=known))
    return [*found, *passed_over(config)]


def passed_over(config: Config) -> list[PassbookError]:
    """A warning for each file in the folders of layouts, profiles and import profiles that is none."""
    folders = (config.layouts, config.profiles, config.imports)
    found = (one for folder in folders if folder is not None for one in foreign_files(folder))
    return [PassbookError("file-passed-over", file=str(path)) for path in found]


def _check_control(config: Config) -> None:
    """Whether a boot could listen at the operators' socket."""
    path, folder = config.control, config.control.parent
    try:
        if not stat.S_ISSOCK(path.lstat().st_mode):
            raise config.problem("control", f"{path} exists and is no socket; expected a free name")
    except FileNotFoundError:
        if path == CONTROL_SOCKET and not folder.exists():
            # The unit's RuntimeDirectory= is made at each boot.
            return
    except OSError as error:
        raise config.problem("control", f"{path} cannot be used: {error.strerror}") from None
    if not os.access(folder, os.W_OK | os.X_OK):
        why = "no socket can be made in it" if folder.is_dir() else "it is no folder"
        raise config.problem("control", f"{folder}: {why}; expected a folder that the appliance may write to")


def load_named(config: Config) -> Loaded:
    """Load all files but the appliance key."""
    trust, layouts, imports = _trust(config), _layouts(config), _imports(config)
    dialects = {one.name: _dialect(config, number, one) for number, one in enumerate(config.printers)}
    _must_know_layouts(config, layouts)
    _must_know_imports(config, layouts, imports)
    _must_have_numbers(config, layouts)
    return Loaded(
        recovery_public=_recovery_public(config),
        trust=trust,
        context=_context(config, trust),
        hosts=hosts_in(load_certificate(config.terminals.certificate)),
        callers=_callers(config),
        dialects=dialects,
        layouts=layouts,
        fonts=_fonts(config, dialects),
        imports=imports,
        mail_context=_mail_context(config),
        mail_passwords=_mail_passwords(config),
        hops={hop.name: _access(config, number, hop) for number, hop in enumerate(config.hops)},
    )


def load_key(config: Config, environ: Mapping[str, str] = os.environ) -> ApplianceKey:
    """The appliance key."""
    path = _named(config, "keys.appliance", lambda: config.keys.appliance.file(environ))
    try:
        return ApplianceKey.from_file(_read(config, "keys.appliance", path))
    except PassbookError as error:
        if error.code != "key-malformed":
            raise
        raise config.problem("keys.appliance", f"{path}: expected 32 bytes or 64 hexadecimal digits") from None


def _named(config: Config, key: str, load: Callable[[], T]) -> T:
    """The result of `load`; its error becomes one about `key`."""
    try:
        return load()
    except PassbookError as error:
        parts = [str(error.facts[name]) for name in ("file", "where", "why") if name in error.facts]
        raise config.problem(key, ": ".join(parts)) from None


def _read(config: Config, key: str, path: Path) -> bytes:
    """The bytes of the file that `key` names."""
    try:
        content, mode = files.read_with_mode(path)
    except PassbookError as error:
        raise config.problem(key, f"{path} cannot be read: {error.facts['why']}") from None
    if key in SECRET and mode & _OTHERS:
        raise config.problem(key, f"{path} can be read by everybody; expected mode 0600 or less")
    return content


def _callers(config: Config) -> Callers:
    numbers: list[int] = []
    for name in config.operators.auditors:
        try:
            numbers.append(number_of_group(name))
        except KeyError:
            raise config.problem("operators.auditors", f"this machine has no group {name}") from None
    return Callers(numbers)


def _recovery_public(config: Config) -> bytes | None:
    path = config.keys.recovery_public
    if path is None:
        return None
    match = _RECOVERY_PUBLIC.fullmatch(_read(config, "keys.recovery_public", path))
    public = bytes.fromhex(match[1].decode()) if match else b""
    try:
        # Some points, such as zero, look like keys, and nothing can be sealed for them.
        X25519PrivateKey.generate().exchange(X25519PublicKey.from_public_bytes(public))
    except ValueError:
        why = f"{path}: expected the public half of a recovery key, 64 hexadecimal digits"
        raise config.problem("keys.recovery_public", why) from None
    return public


def _trust(config: Config) -> Trust:
    tls = config.terminals
    _read(config, "terminals.ca", tls.ca)
    _read(config, "terminals.revoked", tls.revoked)
    authority = _named(config, "terminals.ca", lambda: load_certificate(tls.ca))
    try:
        return load_trust(tls.ca, tls.revoked)
    except PassbookError as error:
        certificate = _named(config, "terminals.certificate", lambda: load_certificate(tls.certificate))
        if is_signature_missing(error) and not _is_issued_by(certificate, authority):
            why = f"{tls.ca}: expected the authority that signed {tls.certificate} and {tls.revoked}"
            raise config.problem("terminals.ca", why) from None
        raise config.problem("terminals.revoked", f"{error.facts['file']}: {error.facts['why']}") from None


def _is_issued_by(certificate: x509.Certificate, authority: x509.Certificate) -> bool:
    try:
        certificate.verify_directly_issued_by(authority)
    except (ValueError, TypeError, InvalidSignature, UnsupportedAlgorithm):
        return False
    return True


def _context(config: Config, trust: Trust) -> ssl.SSLContext:
    tls = config.terminals
    _read(config, "terminals.certificate", tls.certificate)
    _read(config, "terminals.key", tls.key)
    certificate = _named(config, "terminals.certificate", lambda: load_certificate(tls.certificate))
    private = _named(config, "terminals.key", lambda: load_private_key(tls.key))
    if private.public_key() != certificate.public_key():
        raise config.problem("terminals.key", f"{tls.key}: expected the key of the certificate {tls.certificate}")
    if not _is_issued_by(certificate, trust.authority):
        why = f"{tls.certificate}: expected a certificate that the authority {tls.ca} signed"
        raise config.problem("terminals.certificate", why)
    if (name := name_in(certificate)) != config.appliance:
        why = f"the certificate {tls.certificate} is that of {shown(name)}; expected the same name here"
        raise config.problem("appliance", why)
    return _named(config, "terminals.certificate", lambda: server_context(tls.certificate, tls.key, tls.ca))


def _mail_context(config: Config) -> ssl.SSLContext | None:
    tls = config.terminals
    return None if config.mail is None else mail_context(tls.certificate, tls.key, tls.ca)


def _mail_passwords(config: Config) -> Mapping[str, str]:
    """Terminal -> its password for SMTP AUTH."""
    source = config.mail.passwords if config.mail is not None else None
    if source is None:
        return {}
    key = "mail.passwords"
    path = _named(config, key, source.file)
    found: dict[str, str] = {}
    for number, line in enumerate(_read(config, key, path).decode("ascii", "replace").splitlines(), 1):
        name, colon, password = line.partition(":")
        if not NAME.fullmatch(name) or not colon or len(password) < LEAST_PASSWORD:
            why = f"{path}: line {number}: expected a terminal, a colon and at least {LEAST_PASSWORD} characters"
            raise config.problem(key, why)
        found[name] = password
    return found


def _access(config: Config, number: int, hop: HopConfig) -> Access:
    """How a conversation with a next hop begins."""
    hostname = config.mail.hostname if config.mail is not None else ""
    context: ssl.SSLContext | None = None
    if hop.tls == "required":
        key = f"hop[{number}].ca" if hop.ca is not None else "terminals.ca"
        context = _named(config, key, lambda: hop_context(hop.ca or config.terminals.ca, hop.certificate, hop.key))
    login: tuple[str, str] | None = None
    if hop.login is not None:
        key = f"hop[{number}].login"
        source = hop.login
        user, colon, password = _read(config, key, _named(config, key, source.file)).decode().strip().partition(":")
        if not colon or not user or not password:
            raise config.problem(key, "expected user and password with a colon between")
        login = user, password
    return Access(hostname, context, hop.server_name or hop.place[0], login)


def _dialect(config: Config, number: int, printer: PrinterConfig) -> Dialect:
    if printer.dialect not in DIALECTS:
        why = f"there is no dialect {printer.dialect}; known: {', '.join(DIALECTS)}"
        raise config.problem(f"printer[{number}].dialect", why)
    key = f"printer[{number}].profile"
    file, text = _profile_text(config, key, printer.profile)
    setup = PrinterSetup(
        profile=text,
        elementary_step=printer.elementary_step or 0,
        x_offset=int(printer.x_offset),  # msgspec writes no subclass of int
        y_offset=int(printer.y_offset),
    )
    try:
        dialect = DIALECTS[printer.dialect](setup, file)
    except PassbookError as error:
        where, why = str(error.facts["where"]), str(error.facts["why"])
        if where == "elementary_step":
            raise config.problem(f"printer[{number}].elementary_step", why) from None
        raise config.problem(key, f"{file}: {where}: {why}") from None
    try:
        dialect.profile.find_code_page(printer.code_page)
    except PassbookError as error:
        raise config.problem(f"printer[{number}].code_page", str(error.facts["why"])) from None
    return dialect


def _fonts(config: Config, dialects: Mapping[str, Dialect]) -> dict[str, bytes]:
    """The fonts of the printers that have one.  What is no font at all is found here, the rest when it draws."""
    found = {}
    for number, printer in enumerate(config.printers):
        if printer.font is None:
            continue
        key = f"printer[{number}].font"
        if dialects[printer.name].graphics is None:
            why = f"dialect {printer.dialect} prints no graphics, so it draws no text; expected no font"
            raise config.problem(key, why)
        content = _read(config, key, printer.font)
        if len(content) > MOST_FONT:
            raise config.problem(key, f"{printer.font} has more than {MOST_FONT} bytes; expected no more")
        if not content.startswith(_FONT_HEADS):
            raise config.problem(key, f"{printer.font} is no font; expected a TrueType or OpenType font")
        found[printer.name] = content
    return found


def _profile_text(config: Config, key: str, profile: str) -> tuple[str, str]:
    """The file of a printer's own profile and its text; both empty where it has none."""
    if not profile:
        return "", ""
    if profile.endswith(".toml"):
        path = config.file.parent / profile
    elif config.profiles is None:
        raise config.problem(key, f"{profile} is a name, and there is no folder of profiles; expected the key profiles")
    else:
        path = config.profiles / f"{profile}.toml"
        if not path.is_file():
            known = ", ".join(sorted(one.stem for one in toml_files(config.profiles)))
            raise config.problem(key, f"{config.profiles} has no profile {profile}; known: {known or 'none'}")
    content = _read(config, key, path)
    if len(content) > MOST_PROFILE:
        raise config.problem(key, f"{path} has {len(content)} bytes; expected at most {MOST_PROFILE}")
    try:
        return str(path), content.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise config.problem(key, f"{path}: expected UTF-8") from None


def _must_know_layouts(config: Config, layouts: Collection[str]) -> None:
    """Refuse a route whose layout is not there: each mail without a layout of its own would be refused."""
    for number, route in enumerate(config.routes):
        if route.layout is not None and route.layout not in layouts:
            why = f"{shown(route.layout)} is no layout; expected one of {', '.join(sorted(layouts))}"
            raise config.problem(f"route[{number}].layout", why)


def _must_have_numbers(config: Config, layouts: Mapping[str, BookLayout]) -> None:
    """Refuse forms without numbers where a layout prints them."""
    printing = {one.form: one.name for one in layouts.values() if one.number is not None}
    for number, printer in enumerate(config.printers):
        for place, form in enumerate(printer.forms):
            if form.kind in printing and not form.numbered:
                why = f"layout {printing[form.kind]} prints the number of each sheet; expected true"
                raise config.problem(f"printer[{number}].form[{place}].numbered", why)


def _must_know_imports(config: Config, layouts: Mapping[str, BookLayout], imports: Collection[str]) -> None:
    """Refuse a layout whose import profile is not there: no CSV document could be read for it."""
    for layout in layouts.values():
        if layout.import_name and layout.import_name not in imports:
            known = ", ".join(sorted(imports))
            why = f"layout {layout.name} names the import profile {layout.import_name}; expected one of {known}"
            raise config.problem("imports", why)


def _imports(config: Config) -> dict[str, ImportProfile]:
    folder = config.imports
    _must_be_folder(config, "imports", folder)
    return _named(config, "imports", lambda: load_imports(folder))


def _must_be_folder(config: Config, key: str, folder: Path | None) -> None:
    if folder is not None and not os.path.isdir(folder):  # noqa: PTH112  # Path.is_dir() raises for a long name
        raise config.problem(key, f"{folder} is not a folder; expected one with {key}")


def _layouts(config: Config) -> dict[str, BookLayout]:
    folder = config.layouts
    _must_be_folder(config, "layouts", folder)
    _must_be_folder(config, "profiles", config.profiles)
    return _named(config, "layouts", lambda: load_layouts(folder))
