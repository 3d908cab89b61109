"""`passbook-render`: one request on the standard input, which is a socket, one answer on the standard output."""

from __future__ import annotations

import contextlib
import os
import resource
import select
import signal
import sys
import time
from typing import Final

from passbook.document.rendered_pages import (
    CPU_SECONDS,
    MEMORY_BYTES,
    MOST_ANSWER,
    MOST_REQUEST,
    WALL_SECONDS,
    NotDrawn,
    RenderAnswer,
    RenderRequest,
    TextRequest,
    Undrawable,
    decode_render_request,
    encode_rendering,
)

_PIECE: Final = 64 * 1024
_LIMITS: Final = {
    resource.RLIMIT_CPU: CPU_SECONDS,
    resource.RLIMIT_AS: MEMORY_BYTES,
    resource.RLIMIT_FSIZE: 0,
    resource.RLIMIT_CORE: 0,
    resource.RLIMIT_NPROC: 0,
}
"""Of the drawer; nothing of a document may get into a file (P5)."""


def main() -> int:
    """Answer one request; return 0 when an answer was given, 1 for what is no request."""
    # A caller that goes away ends the program by an error of its own write, not by a traceback.
    signal.signal(signal.SIGPIPE, signal.SIG_DFL)
    deadline = time.monotonic() + WALL_SECONDS
    try:
        request = decode_render_request(_read(0, MOST_REQUEST, deadline))
    except (ValueError, RecursionError, TimeoutError):
        return 1
    _write(1, _guarded(request, deadline))
    return 0


def _guarded(request: RenderRequest | TextRequest, deadline: float) -> bytes:
    """The answer of a drawer, or the limit that it met."""
    ours, its = os.pipe()
    drawer = os.fork()
    if drawer == 0:
        os.close(ours)
        _draw_and_exit(request, its)
    os.close(its)
    why = Undrawable.MEMORY
    answer = b""
    try:
        answer = _read(ours, MOST_ANSWER, deadline)
        # An answer counts only when its drawer has ended well.
        _wait(os.pidfd_open(drawer), deadline)
    except TimeoutError:
        why = Undrawable.TIME
    except ValueError:
        # More than an answer has: the drawer does not do what it was written for.
        pass
    os.kill(drawer, signal.SIGKILL)
    code = os.waitstatus_to_exitcode(os.waitpid(drawer, 0)[1])
    if code == 0 and answer:
        return answer
    return encode_rendering(NotDrawn(Undrawable.TIME if code == -signal.SIGXCPU else why))


def _draw_and_exit(request: RenderRequest | TextRequest, out: int) -> None:
    """Draw within the limits, and end the process without a word more."""
    code = 1
    with contextlib.suppress(BaseException):
        for limit, value in _LIMITS.items():
            # At the first of the two limits of time the kernel says SIGXCPU, at the second nothing.
            resource.setrlimit(limit, (value, value + 1 if limit == resource.RLIMIT_CPU else value))
        _write(out, encode_rendering(_drawn(request)))
        code = 0
    os._exit(code)


def _drawn(request: RenderRequest | TextRequest) -> RenderAnswer:
    # Loaded here and not above: the guard has no part of the libraries.
    if isinstance(request, TextRequest):
        from drivers.renderer.text_drawing import draw_texts  # noqa: PLC0415

        return draw_texts(request)
    from drivers.renderer.pdf_drawing import draw  # noqa: PLC0415

    return draw(request)


def _read(source: int, most: int, deadline: float) -> bytes:
    """Everything up to the end.  Raises TimeoutError, and ValueError for more than `most` bytes."""
    data = bytearray()
    while True:
        _wait(source, deadline)
        piece = os.read(source, _PIECE)
        if not piece:
            return bytes(data)
        data += piece
        if len(data) > most:
            raise ValueError("too long")


def _wait(source: int, deadline: float) -> None:
    """Wait until `source` can be read.  Raises TimeoutError."""
    if not select.select([source], [], [], max(deadline - time.monotonic(), 0))[0]:
        raise TimeoutError


def _write(target: int, data: bytes) -> None:
    view = memoryview(data)
    while view:
        view = view[os.write(target, view) :]


if __name__ == "__main__":
    sys.exit(main())
