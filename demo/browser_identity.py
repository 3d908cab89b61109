"""A terminal's identity in the one file that browsers import: PKCS #12 (RFC 7292)."""

from __future__ import annotations

from pathlib import Path
from typing import Final

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric.ec import EllipticCurvePrivateKey
from cryptography.hazmat.primitives.serialization import BestAvailableEncryption, load_pem_private_key, pkcs12

PASSWORD: Final = "demo"  # noqa: S105 - it keeps no secret: the demo's folder is the user's own
"""The password that a browser asks for when it imports the file."""


def save_identity(home: Path, file: Path) -> None:
    """Write the key and certificate of the terminal in `home` to `file`, as a browser imports them."""
    key = load_pem_private_key((home / "key.pem").read_bytes(), None)
    if not isinstance(key, EllipticCurvePrivateKey):
        raise TypeError("a terminal's key is of an elliptic curve")
    certificate = x509.load_pem_x509_certificate((home / "certificate.pem").read_bytes())
    authority = x509.load_pem_x509_certificate((home / "ca.pem").read_bytes())
    encryption = BestAvailableEncryption(PASSWORD.encode())
    name = home.name.encode()
    file.touch(mode=0o600)
    file.write_bytes(pkcs12.serialize_key_and_certificates(name, key, certificate, [authority], encryption))
