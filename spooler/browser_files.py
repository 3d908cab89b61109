"""The files of the page, and how a door answers a browser that asks for one.

Theory of operation.  The files are read once, when the process starts.  Their version is a digest of all of them, and
it is the folder in which a browser finds them: `/` leads to `VERSION/`.  So a page is of one version throughout, and
tells that version when it connects.  A page of an earlier version is told so, and does nothing.

The files are the same for everybody and say nothing about the branch; what a page shows comes by the protocol.
"""

from __future__ import annotations

import gzip
import hashlib
from collections.abc import Mapping
from http import HTTPStatus
from importlib import resources
from importlib.resources.abc import Traversable
from typing import Final, NamedTuple, Self

from passbook.errors import PassbookError
from passbook.protocol.messages import SERVICE_PATH

INDEX: Final = "index.html"
"""The file that a browser gets for the folder."""
TYPES: Final[Mapping[str, str]] = {
    "css": "text/css; charset=utf-8",
    "html": "text/html; charset=utf-8",
    "js": "text/javascript; charset=utf-8",
    "json": "application/json; charset=utf-8",
    "svg": "image/svg+xml",
}
"""The media types of what is served, by the end of a file's name; a file that ends otherwise is not served."""
_TEXT: Final = "text/plain; charset=utf-8"
_VERSION_DIGITS: Final = 16

POLICY: Final = "; ".join(
    (
        "default-src 'none'",
        "script-src 'self'",
        "style-src 'self'",
        # Check marks and arrows of style sheets are pictures inside of them.
        "img-src 'self' data:",
        "connect-src 'self'",
        "worker-src 'self'",
        "base-uri 'none'",
        "form-action 'none'",
        "frame-ancestors 'none'",
    )
)
"""The Content-Security-Policy: nothing but the page's own files and its own service."""
GUARDS: Final[Mapping[str, str]] = {
    "Content-Security-Policy": POLICY,
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
}
"""Headers of every answer to a browser."""


class PageReply(NamedTuple):
    """An answer to a browser."""

    status: HTTPStatus
    headers: Mapping[str, str]
    body: bytes


class PageFile(NamedTuple):
    """One file: its media type, its content in gzip, and its tag (RFC 9110 section 8.8.3)."""

    media_type: str
    packed: bytes
    tag: str


class PageFiles:
    """The files of the page by name."""

    def __init__(self, contents: Mapping[str, bytes]) -> None:
        """`contents` are the bytes of each file by its name; one whose name ends otherwise than TYPES is left out."""
        known = {name: data for name, data in sorted(contents.items()) if _end_of(name) in TYPES}
        digest = hashlib.sha256()
        for name, data in known.items():
            digest.update(b"%b\0%d\0%b" % (name.encode(), len(data), data))
        self.version = digest.hexdigest()[:_VERSION_DIGITS]
        """The version of all files together."""
        self._files = {name: _packed(name, data) for name, data in known.items()}

    @classmethod
    def shipped(cls) -> Self:
        """The files that come with the product."""
        return cls({one.name: one.read_bytes() for one in _files_in(resources.files("page"))})

    def reply(self, path: str, *, method: str, tag: str | None) -> PageReply:
        """The answer to a browser that asks for `path` and has the file with that tag already."""
        if method != "GET":
            return text_reply(HTTPStatus.METHOD_NOT_ALLOWED, "Only GET is answered here.", {"Allow": "GET"})
        if path == "/":
            return led_to(f"{self.version}/")
        version, _, name = path.removeprefix("/").partition("/")
        if version != self.version:
            return self._of_another_version(version, name)
        file = self._files.get(name or INDEX)
        if file is None:
            return text_reply(HTTPStatus.NOT_FOUND, "The page has no such file.")
        headers = {**GUARDS, "Cache-Control": "no-cache", "ETag": file.tag}
        if tag == file.tag:
            return PageReply(HTTPStatus.NOT_MODIFIED, headers, b"")
        headers |= {"Content-Type": file.media_type, "Content-Encoding": "gzip"}
        return PageReply(HTTPStatus.OK, headers, file.packed)

    def check_version(self, query: str) -> None:
        """Refuse a page of an earlier version, which the query of its connection names.

        A program names none.  Raises PassbookError `page-outdated`.
        """
        if query not in {"", f"page={self.version}"}:
            raise PassbookError("page-outdated")

    def _of_another_version(self, version: str, name: str) -> PageReply:
        if len(version) != _VERSION_DIGITS or not set(version) <= set("0123456789abcdef"):
            says = f"There is nothing here: the page is at /, and programs connect to {SERVICE_PATH}."
            return text_reply(HTTPStatus.NOT_FOUND, says)
        # A bookmark finds the page of today; a page that is open must not mix files of two versions.
        if not name:
            return led_to("../")
        return text_reply(HTTPStatus.GONE, "This file was of an earlier version of the page; load the page again.")


def text_reply(status: HTTPStatus, text: str, headers: Mapping[str, str] | None = None) -> PageReply:
    """An answer of one sentence."""
    fixed = {**GUARDS, "Cache-Control": "no-store", "Content-Type": _TEXT}
    return PageReply(status, {**fixed, **(headers or {})}, f"{text}\n".encode())


def led_to(place: str) -> PageReply:
    """An answer that sends a browser to another place."""
    return PageReply(HTTPStatus.TEMPORARY_REDIRECT, {**GUARDS, "Cache-Control": "no-store", "Location": place}, b"")


def _files_in(folder: Traversable) -> list[Traversable]:
    return [one for one in folder.iterdir() if one.is_file()]


def _packed(name: str, data: bytes) -> PageFile:
    # Without a time of day in it, the same file is the same bytes at every boot.
    packed = gzip.compress(data, mtime=0)
    return PageFile(TYPES[_end_of(name)], packed, f'"{hashlib.sha256(data).hexdigest()[:_VERSION_DIGITS]}"')


def _end_of(name: str) -> str:
    return name.rpartition(".")[2]
