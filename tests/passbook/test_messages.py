from __future__ import annotations

import json
from collections.abc import Iterator
from enum import Enum
from types import NoneType, UnionType
from typing import Annotated, Any, TypeVar, Union, get_args, get_origin, get_type_hints

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from passbook.document.drafts import StartLine
from passbook.document.plan import StepKind, StepOutline
from passbook.errors import PassbookError
from passbook.job.figures import Figures
from passbook.job.record import Acknowledged, Answered, Decider, Encryption, Holder, OnPaper, Record, Wrap
from passbook.job.states import Reason
from passbook.job.waiting import NO_PLACE, Waiting, waiting_of
from passbook.protocol.answer_all import AnswerAll, AnsweredAll, AnsweredOne
from passbook.protocol.completions import Completion, completion_for
from passbook.protocol.environment import AreaFigures, Environment, GetEnvironment
from passbook.protocol.history_reply import GetHistory, HistoryLine, Summary
from passbook.protocol.messages import (
    MAX_DOCUMENT,
    MAX_MESSAGE,
    MAX_PIECE,
    MAX_REPLY,
    AnswerQuestion,
    Envelope,
    ErrorPayload,
    Header,
    JobLeft,
    JobOrder,
    JobRef,
    JobView,
    MessageType,
    Nothing,
    Payload,
    Prompt,
    Question,
    StatusReport,
    StepReport,
    SubmitJob,
    UploadPiece,
    decode,
    encode,
    question_of,
    read_payload,
    view_of,
)
from passbook.protocol.notice import AcknowledgeNotice, GetHistoryHeads, HistoryHead, HistoryHeads, Notice
from passbook.protocol.pages import Page
from passbook.protocol.terminal_list import TerminalView

T = TypeVar("T")

COMMANDS: list[type[Payload]] = [
    *(UploadPiece, SubmitJob, JobRef, JobOrder, Nothing, AnswerQuestion, AnswerAll, Page, GetEnvironment, GetHistory),
    *(AcknowledgeNotice, GetHistoryHeads),
]
VIEWS: list[type[msgspec.Struct]] = [
    JobView,
    Question,
    Prompt,
    StepReport,
    StatusReport,
    ErrorPayload,
    JobLeft,
    Environment,
    AreaFigures,
    Figures,
    TerminalView,
    AnsweredOne,
    AnsweredAll,
    Notice,
    OnPaper,
    Acknowledged,
    HistoryHead,
    HistoryHeads,
    HistoryLine,
    Summary,
    Answered,
    Decider,
    Waiting,
]
WORDS = st.text(st.characters(exclude_categories=["Cs"]), max_size=12)
NUMBERS = st.integers(-(2**63), 2**63 - 1)
PRIMITIVES: dict[Any, st.SearchStrategy[Any]] = {
    str: WORDS,
    int: NUMBERS,
    float: st.floats(allow_nan=False, allow_infinity=False),
    bool: st.booleans(),
    bytes: st.binary(max_size=40),
    NoneType: st.none(),
}


def values(kind: Any) -> st.SearchStrategy[Any]:
    """Every value of a type that a message can carry."""
    if kind in PRIMITIVES:
        return PRIMITIVES[kind]
    if get_origin(kind) is Annotated:
        [meta] = kind.__metadata__
        return st.integers(meta.ge if meta.ge is not None else -(2**63), meta.le)
    if get_origin(kind) in {UnionType, Union}:
        return st.one_of([values(one) for one in get_args(kind)])
    if get_origin(kind) is tuple:
        first, *others = get_args(kind)
        is_list = others == [Ellipsis]
        return st.lists(values(first), max_size=3).map(tuple) if is_list else st.tuples(*map(values, (first, *others)))
    if get_origin(kind) is dict:
        key, value = get_args(kind)
        return st.dictionaries(values(key), values(value), max_size=3)
    return st.sampled_from(kind) if issubclass(kind, Enum) else structs(kind)


def structs(kind: Any) -> st.SearchStrategy[Any]:
    """Every value of a structure."""
    hints = get_type_hints(kind, include_extras=True)
    return st.builds(kind, **{name: values(hints[name]) for name in kind.__struct_fields__})


headers = values(Header)
payloads = st.sampled_from([*COMMANDS, *VIEWS]).flatmap(values)


@given(headers, payloads)
def test_what_was_encoded_is_what_is_read(header: Header, payload: msgspec.Struct) -> None:
    envelope = decode(encode(header, payload))
    assert envelope.header == header
    assert read_payload(envelope, type(payload)) == payload


@given(headers, payloads)
def test_a_message_is_json_with_camel_case_names_and_base64(header: Header, payload: msgspec.Struct) -> None:
    message = json.loads(encode(header, payload))
    assert set(message) == {"header", "payload"}
    assert not [name for name in (*message["header"], *message["payload"]) if "_" in name]


MAPPINGS = {"errorFacts", "facts", "areaStates"}
"""Fields whose names of members are data."""


def with_later_fields(value: Any) -> Any:
    """The same JSON as a later version may send it: a field more in each object that is a structure."""
    if isinstance(value, list):
        return [with_later_fields(one) for one in value]
    if not isinstance(value, dict):
        return value
    grown = {name: one if name in MAPPINGS else with_later_fields(one) for name, one in value.items()}
    return {**grown, "ofALaterVersion": {"red": [1]}}


@given(headers, st.sampled_from(VIEWS).flatmap(values))
def test_a_terminal_passes_over_fields_that_a_later_appliance_sends(header: Header, payload: msgspec.Struct) -> None:
    message = json.loads(encode(header, payload))
    grown = json.dumps({part: with_later_fields(message[part]) for part in message}).encode()
    assert read_payload(decode(grown), type(payload)) == payload


@given(st.sampled_from(COMMANDS).flatmap(values))
def test_a_command_with_a_field_that_is_not_known_is_refused_by_its_name(payload: msgspec.Struct) -> None:
    message = json.loads(encode(Header("x", MessageType.COMMAND, 1), payload))
    message["payload"]["ofALaterVersion"] = 1
    with pytest.raises(PassbookError, match="ofALaterVersion is no field that is known here"):
        read_payload(decode(json.dumps(message).encode()), type(payload))


def test_a_member_beside_header_and_payload_is_refused_by_its_name() -> None:
    message = json.loads(encode(Header("x", MessageType.COMMAND, 1)))
    with pytest.raises(PassbookError, match="more is no field that is known here") as caught:
        decode(json.dumps({**message, "more": 1}).encode())
    assert caught.value.code == "invalid-message"


@given(headers)
def test_no_payload_is_an_empty_one(header: Header) -> None:
    assert read_payload(decode(encode(header)), Nothing) == Nothing()


def only_a_passbook_error(data: bytes, kinds: list[Any]) -> None:
    try:
        envelope = decode(data)
    except PassbookError as error:
        assert error.code in {"invalid-message", "message-too-large"}
        return
    for kind in kinds:
        try:
            read_payload(envelope, kind)
        except PassbookError as error:
            assert error.code == "invalid-message"


@given(st.binary(max_size=200))
def test_garbage_gives_an_error_of_the_catalogue_and_nothing_else(data: bytes) -> None:
    only_a_passbook_error(data, COMMANDS)


@given(headers, payloads, st.data())
def test_every_prefix_of_a_message_is_refused(header: Header, payload: msgspec.Struct, data: st.DataObject) -> None:
    whole = encode(header, payload)
    cut = data.draw(st.integers(0, len(whole) - 1))
    with pytest.raises(PassbookError) as caught:
        decode(whole[:cut])
    assert caught.value.code == "invalid-message"


@given(headers, payloads, st.data())
def test_a_damaged_byte_gives_a_message_or_an_error_of_the_catalogue(
    header: Header, payload: msgspec.Struct, data: st.DataObject
) -> None:
    whole = encode(header, payload)
    place = data.draw(st.integers(0, len(whole) - 1))
    byte = data.draw(st.integers(0, 255))
    only_a_passbook_error(whole[:place] + bytes([byte]) + whole[place + 1 :], [*COMMANDS, *VIEWS])


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | WORDS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(WORDS, inner, max_size=3),
    max_leaves=8,
)


@given(json_values)
def test_json_of_any_other_form_gives_an_error_of_the_catalogue(value: Any) -> None:
    text = json.dumps({"header": {"name": "x", "type": "command"}, "payload": value}).encode()
    only_a_passbook_error(text, COMMANDS)
    only_a_passbook_error(json.dumps(value).encode(), COMMANDS)


@pytest.mark.parametrize("deep", ["[" * 100_000, '{"header":' * 20_000, '{"header":{},"payload":' + "[" * 100_000])
def test_a_message_may_not_exhaust_the_reader(deep: str) -> None:
    only_a_passbook_error(deep.encode(), COMMANDS)


def test_a_message_that_is_too_large_is_refused_before_it_is_read() -> None:
    with pytest.raises(PassbookError) as caught:
        decode(b" " * (MAX_MESSAGE + 1))
    assert caught.value.code == "message-too-large"
    assert caught.value.facts == {"limit": MAX_MESSAGE}
    with pytest.raises(PassbookError) as caught:
        decode(b"{" + b" " * MAX_MESSAGE, MAX_REPLY)
    assert caught.value.code == "invalid-message"


def test_the_largest_piece_fits_into_a_message() -> None:
    piece = UploadPiece("u" * 64, bytes(MAX_PIECE))
    whole = encode(Header("Spooler.UploadPiece", MessageType.COMMAND, 2**31), piece)
    assert read_payload(decode(whole), UploadPiece) == piece
    assert MAX_DOCUMENT % MAX_PIECE == 0


MARK = "GEHEIM-4711"


def spoiled(kind: type[msgspec.Struct]) -> Iterator[dict[str, Any]]:
    """Payloads that are wrong in one place each and have the secret everywhere that it can stand."""
    names = {field.encode_name: field for field in msgspec.structs.fields(kind)}
    good = dict.fromkeys(names, MARK)
    for name in names:
        for wrong in (MARK, 7, -(10**30), 1.5, True, None, [MARK], {MARK: MARK}, [[MARK]], f"{MARK}=="):
            yield {**good, name: wrong}
        yield {key: value for key, value in good.items() if key != name}
    yield {**good, "unknown": MARK}
    yield {"unknown": MARK}


@pytest.mark.parametrize("kind", [*COMMANDS, *VIEWS])
def test_no_error_tells_anything_that_stood_in_the_message(kind: type[msgspec.Struct]) -> None:
    refused = 0
    for payload in spoiled(kind):
        message = json.dumps({"header": {"name": MARK, "type": "command"}, "payload": payload}).encode()
        try:
            read_payload(decode(message), kind)
        except PassbookError as error:
            refused += 1
            assert MARK not in f"{error!r} {error} {error.facts}"
            assert error.__cause__ is None
            assert error.__suppress_context__
    assert refused


TOO_MANY = (2**53 + 1, 2**63, 10**30, -(2**63) - 1, -(10**30))


@pytest.mark.parametrize("number", TOO_MANY)
@pytest.mark.parametrize(
    ("kind", "payload", "name"),
    [
        (Page, {}, "after"),
        (GetHistory, {}, "last"),
        (AnswerQuestion, {"job": "a", "epoch": 1, "verdict": "discard", "person": "A"}, "epoch"),
        (AnswerQuestion, {"job": "a", "epoch": 1, "verdict": "discard", "person": "A"}, "step"),
        (AnswerQuestion, {"job": "a", "epoch": 1, "verdict": "discard", "person": "A"}, "inDoubt"),
        (AnswerAll, {"verdict": "hold", "person": "A"}, "after"),
        (StartLine, {"page": 1, "line": 1}, "page"),
    ],
)
def test_a_number_that_no_row_can_hold_is_refused(
    kind: type[msgspec.Struct], payload: dict[str, Any], name: str, number: int
) -> None:
    def message(value: int) -> Envelope:
        body = {"header": {"name": "x", "type": "command"}, "payload": {**payload, name: value}}
        return decode(json.dumps(body).encode())

    read_payload(message(1), kind)
    with pytest.raises(PassbookError, match=f"{name} must be int [<>]= [0-9]+[.]") as caught:
        read_payload(message(number), kind)
    assert caught.value.code == "invalid-message"


@pytest.mark.parametrize("name", ["requestId", "timeout"])
@pytest.mark.parametrize("number", [2**53 + 1, 2**63, 10**400])
def test_a_number_in_a_header_that_could_not_be_answered_is_refused(name: str, number: int) -> None:
    header = {"name": "x", "type": "command", "requestId": 1}
    decode(json.dumps({"header": {**header, name: 2**53}}).encode())
    with pytest.raises(PassbookError, match=f"header.{name} must be int <= {2**53}[.]"):
        decode(json.dumps({"header": {**header, name: number}}).encode())


def test_a_time_below_zero_is_refused() -> None:
    header = {"name": "x", "type": "command", "requestId": 1, "timeout": -1}
    with pytest.raises(PassbookError, match=r"header.timeout must be int >= 0[.]"):
        decode(json.dumps({"header": header}).encode())


@pytest.mark.parametrize(
    "header", [{"name": "x", "type": MARK}, {"name": 7, "type": "command"}, {"type": "command"}, MARK, [MARK]]
)
def test_no_error_about_a_header_tells_anything_either(header: Any) -> None:
    with pytest.raises(PassbookError) as caught:
        decode(json.dumps({"header": header, "payload": {}}).encode())
    assert MARK not in str(caught.value)


ANSWER = {"job": "a", "epoch": 1, "verdict": "print", "person": "A"}
SUBMIT = {"clientRequest": "r", "printer": "p", "format": "text"}


@pytest.mark.parametrize(
    ("kind", "payload", "why"),
    [
        (JobRef, {"job": 7}, "job must be str, not int"),
        (JobRef, {}, "job is missing"),
        (JobRef, [], "the payload must be object, not array"),
        (JobRef, {"job": "a", "colour": MARK}, "colour is no field that is known here"),
        (AnswerQuestion, {**ANSWER, "epoch": "1"}, "epoch must be int, not str"),
        (AnswerQuestion, {**ANSWER, "inDoubt": -1}, "inDoubt must be int >= 0"),
        (AnswerQuestion, {**ANSWER, "key": "*"}, "key must be base64"),
        (AnswerQuestion, {**ANSWER, "verdict": MARK}, "verdict must be one of print, resume, new-book, discard, hold"),
        (GetHistory, {"summary": MARK}, "summary must be one of terminal, hour, outcome, waiting, side"),
        (SubmitJob, {**SUBMIT, "start": {"page": 1}}, "start.line is missing"),
        (SubmitJob, {**SUBMIT, "start": {"page": 0, "line": 1}}, "start.page must be int >= 1"),
        (SubmitJob, {**SUBMIT, "start": {"sheet": 1}}, "start.sheet is no field that is known here"),
        (AnswerAll, {"verdict": "hold", "person": "A", "keys": {MARK: 7}}, "keys[...] must be bytes, not int"),
        (AnsweredAll, {"answers": [{"job": "a"}, {"job": 7}]}, "answers[1].job must be str, not int"),
        (
            AnsweredAll,
            {"answers": [{"job": "a", "view": {"job": "a", "reasons": [MARK]}}]},
            f"answers[0].view.reasons[0] must be one of {', '.join(reason.value for reason in Reason)}",
        ),
    ],
)
def test_an_error_names_the_field_that_is_wrong_and_what_it_must_be(
    kind: type[msgspec.Struct], payload: Any, why: str
) -> None:
    message = json.dumps({"header": {"name": "x", "type": "command"}, "payload": payload}).encode()
    with pytest.raises(PassbookError) as caught:
        read_payload(decode(message), kind)
    assert caught.value.facts == {"why": why}


@pytest.mark.parametrize(
    ("header", "why"),
    [
        ({"name": "x", "type": MARK}, f"header.type must be one of {', '.join(kind.value for kind in MessageType)}"),
        ({"name": 7, "type": "command"}, "header.name must be str, not int"),
        ({"type": "command"}, "header.name is missing"),
        (MARK, "header must be object, not str"),
    ],
)
def test_an_error_of_a_header_names_its_field_too(header: Any, why: str) -> None:
    with pytest.raises(PassbookError) as caught:
        decode(json.dumps({"header": header}).encode())
    assert caught.value.facts == {"why": why}


@pytest.mark.parametrize(
    "name", ["x" * 200_000, "\x1b[2J\n\u202e" + "x" * 70, "` - at `$.job", "a` - at `$." + MARK * 9]
)
def test_of_an_unknown_field_only_a_short_name_that_can_be_shown_is_told(name: str) -> None:
    message = json.dumps({"header": {"name": "x", "type": "command"}, "payload": {name: MARK * 20}}).encode()
    with pytest.raises(PassbookError) as caught:
        read_payload(decode(message), JobRef)
    why = caught.value.facts["why"]
    assert isinstance(why, str)
    assert why.isprintable()
    told = why.removesuffix(" is no field that is known here")
    assert told != why
    assert len(told) <= 64 + len(".") + 64


@pytest.mark.parametrize("kind", COMMANDS)
def test_a_command_with_an_unknown_field_is_refused(kind: type[msgspec.Struct]) -> None:
    message = b'{"header":{"name":"x","type":"command"},"payload":{"job":"a","moon":1}}'
    with pytest.raises(PassbookError):
        read_payload(decode(message), kind)


@pytest.mark.parametrize(
    ("code", "completion"),
    [
        ("invalid-message", Completion.INVALID_DATA),
        ("unknown-command", Completion.INVALID_COMMAND),
        ("not-permitted", Completion.AUTHORISATION),
        ("quota-exceeded", Completion.NOT_ENOUGH_SPACE),
        ("internal-error", Completion.INTERNAL_ERROR),
        ("stale-question", Completion.COMMAND_ERROR),
    ],
)
def test_completion_codes_of_errors(code: str, completion: Completion) -> None:
    facts = dict.fromkeys(
        ("why", "command", "who", "job", "reference", "epoch", "requester", "used", "limit", "what", "deed", "whom"), 1
    )
    assert completion_for(PassbookError(code, **facts)) is completion


def test_a_question_is_made_of_its_record() -> None:
    hints = {name: values(hint) for name, hint in get_type_hints(Record).items()}
    steps = (StepOutline(StepKind.LINE, 3, 12), StepOutline(StepKind.EJECT, 3))
    drawn = st.builds(Record, **{**hints, "outline": st.just(steps), "encryption": st.sampled_from(Encryption)})

    @given(drawn, st.booleans())
    def judge(record: Record, readable: bool) -> None:
        wraps = (Wrap(Holder.RECOVERY, "r", b"x"),)
        question = question_of(record, wraps, readable=readable)
        assert question.job == view_of(record, waiting_of(record, NO_PLACE))
        assert (question.job.job, question.job.client_request) == (record.job_id, record.request_id)
        assert (question.in_doubt, question.readable, question.wraps) == (record.sending, readable, wraps)
        assert (question.outline, question.identity) == (steps, record.identity())

    judge()


@pytest.mark.parametrize("field", ["job", "requester", "person"])
def test_what_each_entry_of_the_history_is_compared_with_is_bounded(field: str) -> None:
    asked = msgspec.structs.replace(GetHistory(), **{field: "x" * 128})
    assert getattr(asked.wanted, field) == "x" * 128
    with pytest.raises(PassbookError, match=f"{field} must have 0 to 128 printable characters"):
        _ = msgspec.structs.replace(asked, **{field: "x" * 129}).wanted
