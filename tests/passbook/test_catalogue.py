from __future__ import annotations

import ast
import inspect
import re
from string import Formatter

import pytest

from passbook.errors import (
    CATALOGUE,
    PassbookError,
    catalogue,
    document_errors,
    mail_errors,
    spool_errors,
    storage_errors,
)
from passbook.errors.kinds import EXIT_CODES, Mender


def facts_of(code: str) -> dict[str, str]:
    names = {name for _, name, _, _ in Formatter().parse(CATALOGUE[code].sentence) if name}
    return dict.fromkeys(names, "x1")


def test_no_code_has_two_rows() -> None:
    written = [
        str(key.value)
        for module in (catalogue, document_errors, mail_errors, spool_errors, storage_errors)
        for node in ast.walk(ast.parse(inspect.getsource(module)))
        if isinstance(node, ast.AnnAssign) and isinstance(node.value, ast.Dict)
        for key in node.value.keys
        if isinstance(key, ast.Constant)
    ]
    assert sorted(written) == sorted(CATALOGUE)


@pytest.mark.parametrize("code", CATALOGUE)
def test_a_row_is_a_code_and_a_whole_sentence(code: str) -> None:
    assert re.fullmatch(r"[a-z0-9]+(-[a-z0-9]+)*", code)
    sentence = CATALOGUE[code].sentence
    assert sentence.endswith(".")
    assert "  " not in sentence
    assert "\n" not in sentence
    assert sentence[0].isupper() or sentence[0] == "{"


@pytest.mark.parametrize("code", CATALOGUE)
def test_an_error_says_its_sentence_with_its_facts(code: str) -> None:
    facts = facts_of(code)
    error = PassbookError(code, **facts)
    assert (error.code, error.facts) == (code, facts)
    assert "{" not in str(error)
    assert str(error).count("x1") >= len(facts)
    assert error.exit_code == EXIT_CODES[error.mender]


@pytest.mark.parametrize("code", [code for code in CATALOGUE if facts_of(code)])
def test_a_missing_fact_is_a_mistake_of_the_program(code: str) -> None:
    with pytest.raises(KeyError):
        PassbookError(code)


def test_an_unknown_code_is_a_mistake_of_the_program() -> None:
    with pytest.raises(KeyError):
        PassbookError("no-such-code")


def test_every_mender_has_an_exit_code_of_its_own_that_is_not_success() -> None:
    assert set(EXIT_CODES) == set(Mender)
    assert len(set(EXIT_CODES.values())) == len(Mender)
    assert 0 not in EXIT_CODES.values()


def test_a_fact_is_never_read_as_a_template() -> None:
    assert "{job}" in str(PassbookError("unknown-job", job="{job}"))


@pytest.mark.parametrize("fact", ["it is not valid for 'foo'.", "did you mean appliance?", "no space left!", "../a"])
def test_a_fact_that_is_a_sentence_leaves_one_full_stop(fact: str) -> None:
    text = str(PassbookError("request-not-signed", why=fact))
    assert (
        text
        == f"The certificate request was not signed: {fact if fact[-1] in '.?!' else fact + '.'} Nothing was changed."
    )
