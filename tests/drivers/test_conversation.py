from __future__ import annotations

import queue
import threading
import time
from collections.abc import Callable, Iterator

import pytest

from drivers.conversation import Conversation
from drivers.dialects.pr2.frames import DocumentStatus, FrameReader, Identity, Status
from drivers.ports.port import PortError, PortTrouble
from drivers.stop import MechanismStop
from passbook.job.states import Reason

READY, INSIDE = Status(ord("0")), DocumentStatus(ord("5"), ord("2"))
ROUND = b"\x1bj\x1b B"


class ScriptedPort:
    """A port whose other side answers as the test says."""

    def __init__(self, reply: Callable[[bytes], bytes] = lambda _: b"") -> None:
        self._reply = reply
        self._coming: queue.Queue[bytes | PortTrouble] = queue.Queue()
        self.written: list[bytes] = []
        self.write_trouble: PortTrouble | None = None

    def say(self, data: bytes | PortTrouble) -> None:
        self._coming.put(data)

    def write(self, data: bytes) -> None:
        if self.write_trouble:
            raise PortError(self.write_trouble)
        self.written.append(data)
        self.say(self._reply(data))

    def read(self, limit: int, timeout: float) -> bytes:
        data = self._coming.get(timeout=timeout)
        if isinstance(data, PortTrouble):
            raise PortError(data)
        return data[:limit]

    def close(self) -> None:
        self.say(PortTrouble.UNPLUGGED)


@pytest.fixture
def talk() -> Iterator[Callable[[ScriptedPort], Conversation]]:
    opened: list[Conversation] = []

    def start(port: ScriptedPort) -> Conversation:
        opened.append(Conversation(port, FrameReader(), time.monotonic))
        return opened[-1]

    yield start
    for conversation in opened:
        conversation.close()


Talk = Callable[[ScriptedPort], Conversation]


def ask(conversation: Conversation, timeout: float = 5.0) -> list[object]:
    return list(conversation.ask(ROUND, DocumentStatus, timeout))


def await_frames(conversation: Conversation) -> None:
    """Wait until something has arrived that nobody has heard."""
    with conversation._changed:
        assert conversation._changed.wait_for(lambda: conversation._frames, 5.0)


def refused(reason: Reason, detail: str, operation: Callable[[], object]) -> None:
    with pytest.raises(MechanismStop) as caught:
        operation()
    assert (caught.value.reason, caught.value.detail) == (reason, detail)


def test_an_answer_is_all_up_to_the_frame_that_only_the_question_brings(talk: Talk) -> None:
    conversation = talk(ScriptedPort(lambda _: b"\x1br0\x1bB52\x1bZ"))
    assert ask(conversation) == [READY, INSIDE]


@pytest.mark.parametrize("early", [b"\x1br0", b"\x1br0\x1bB52\x1bZ"])
def test_what_came_before_the_question_is_no_answer(talk: Talk, early: bytes) -> None:
    port = ScriptedPort(lambda _: b"\x1br4\x1bB53\x1bZ")
    conversation = talk(port)
    port.say(early)
    await_frames(conversation)
    assert ask(conversation) == [Status(ord("4")), DocumentStatus(ord("5"), ord("3"))]


def test_an_announcement_during_the_question_hides_no_answer(talk: Talk) -> None:
    conversation = talk(ScriptedPort(lambda _: b"\x1br0\x1br4\x1bB52\x1bZ"))
    assert ask(conversation) == [READY, Status(ord("4")), INSIDE]


def test_an_announcement_alone_answers_nothing(talk: Talk) -> None:
    conversation = talk(ScriptedPort(lambda _: b"\x1br0"))
    refused(Reason.SILENT, "no-answer", lambda: ask(conversation, timeout=0.05))


@pytest.mark.slow
def test_half_an_answer_is_garbled(talk: Talk) -> None:
    conversation = talk(ScriptedPort(lambda _: b"\x1br0\x1bB5"))
    refused(Reason.GARBLED, "half-answer", lambda: ask(conversation, timeout=0.5))


def test_garbage_within_an_answer_spoils_it(talk: Talk) -> None:
    conversation = talk(ScriptedPort(lambda _: b"\x1br0?\x1bB52\x1bZ"))
    refused(Reason.GARBLED, "garbage", lambda: ask(conversation))


def test_noise_between_two_questions_spoils_nothing(talk: Talk) -> None:
    port = ScriptedPort(lambda _: b"\x1br0\x1bB52\x1bZ")
    conversation = talk(port)
    port.say(b"\x00\xff")
    assert conversation.listen(5.0)
    assert ask(conversation) == [READY, INSIDE]


def test_a_port_that_takes_nothing_is_silent_and_one_that_is_gone_is_unplugged(talk: Talk) -> None:
    port = ScriptedPort()
    conversation = talk(port)
    port.write_trouble = PortTrouble.SILENT
    refused(Reason.SILENT, "port-silent", lambda: conversation.tell(b"x"))
    port.write_trouble = PortTrouble.UNPLUGGED
    refused(Reason.UNPLUGGED, "port-unplugged", lambda: conversation.tell(b"x"))


def test_a_hang_up_ends_a_wait(talk: Talk) -> None:
    port = ScriptedPort()
    conversation = talk(port)
    port.say(PortTrouble.UNPLUGGED)
    refused(Reason.UNPLUGGED, "port-unplugged", lambda: conversation.listen(600.0))


def test_an_interrupt_ends_a_wait_from_another_thread(talk: Talk) -> None:
    conversation = talk(ScriptedPort())
    thread = threading.Thread(target=conversation.interrupt)
    thread.start()
    refused(Reason.CANCELED_BY_PERSON, "interrupted", lambda: conversation.listen(600.0))
    thread.join()
    conversation.forget_interrupt()
    assert not conversation.listen(0.0)


def test_an_interrupt_while_an_answer_is_awaited_ends_the_next_wait_for_a_person_only(talk: Talk) -> None:
    def interrupted(_: bytes) -> bytes:
        conversation.interrupt()
        return b"\x1br0\x1bB52\x1bZ"

    conversation = talk(ScriptedPort(interrupted))
    assert ask(conversation) == [READY, INSIDE]
    assert conversation.ask_afresh(ROUND, DocumentStatus, 5.0, 0.01) == INSIDE
    refused(Reason.CANCELED_BY_PERSON, "interrupted", lambda: conversation.listen(600.0))
    conversation.forget_interrupt()
    assert not conversation.listen(0.0)


def test_an_interrupt_makes_no_silence_shorter_or_other(talk: Talk) -> None:
    conversation = talk(ScriptedPort())
    conversation.interrupt()
    refused(Reason.SILENT, "no-answer", lambda: ask(conversation, timeout=0.05))


def test_what_has_arrived_is_heard_before_an_interrupt(talk: Talk) -> None:
    port = ScriptedPort()
    conversation = talk(port)
    port.say(b"\x1br0")
    await_frames(conversation)
    conversation.interrupt()
    assert conversation.listen(0.0)
    refused(Reason.CANCELED_BY_PERSON, "interrupted", lambda: conversation.listen(600.0))


def test_a_fresh_start_passes_over_what_an_earlier_owner_asked_for(talk: Talk) -> None:
    port = ScriptedPort(lambda _: b"\x00\x1br4\x1bB52\x1bZ\x1b/9\x1b/7")
    conversation = talk(port)
    assert conversation.ask_afresh(b"clean", Identity, 5.0, 0.05) == Identity(ord("7"))
    port._reply = lambda _: b"\x1br0\x1bB52\x1bZ"
    assert ask(conversation) == [READY, INSIDE]


def test_a_fresh_start_without_its_answer_is_silence(talk: Talk) -> None:
    conversation = talk(ScriptedPort(lambda _: b"\x1br0"))
    refused(Reason.SILENT, "no-answer", lambda: conversation.ask_afresh(b"clean", Identity, 0.05, 0.01))
