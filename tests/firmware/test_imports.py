"""Import profiles from their files to the plan of a job: of the product and of the operator, by people and layouts."""

from __future__ import annotations

import asyncio
import base64
from pathlib import Path

import pytest
from msgspec.structs import replace

from firmware.config.configuration import load_configuration
from firmware.config.layouts import foreign_files, load_imports, load_layouts
from firmware.config.loading import check_configuration, load_named, passed_over
from passbook.document.digest import document_digest
from passbook.document.plan import Line
from passbook.errors import PassbookError
from passbook.job.record import Record
from passbook.protocol.messages import SubmitJob
from spooler.shipped import shipped_imports
from tests.firmware.agency import BOTH, Agency, told
from tests.firmware.branch import KEY, PRINTER, TELLER, Bench, Branch, request, unconnected
from tests.firmware.rooms import Rooms

GERMAN = (
    "# layout: savings-24\n# account: 4711\n# currency: EUR\n# start: page 1 line 1\n"
    "date;text;withdrawal;deposit;balance\n03.04.2026;Bäckerei;1.234;;0,50\n"
).encode("cp1252")
CSV = "passbook-update+csv"


def printed(destination_request: SubmitJob, layouts: object = None) -> list[str]:
    printer = unconnected(load_layouts(None) if layouts is None else layouts)  # type: ignore[arg-type]
    plan = printer.prepare(destination_request, GERMAN).plan
    return [run.text for step in plan if isinstance(step, Line) for run in step.runs]


def test_the_shipped_profiles_are_there_and_the_operator_adds_and_replaces_some(tmp_path: Path) -> None:
    (tmp_path / "mine.toml").write_text('encoding = "cp850"', "utf-8")
    (tmp_path / "plain.toml").write_text('delimiter = "tab"', "utf-8")
    (tmp_path / "._x.toml").write_bytes(b"\0")
    found = load_imports(tmp_path)
    assert found.keys() == shipped_imports().keys() | {"mine"}
    assert (found["plain"].delimiter.character, load_imports(None)["plain"].delimiter.character) == ("\t", ",")
    assert foreign_files(tmp_path) == [tmp_path / "._x.toml"]


def test_a_malformed_profile_is_named_with_its_file(tmp_path: Path) -> None:
    (tmp_path / "mine.toml").write_text("encoding = 3", "utf-8")
    with pytest.raises(PassbookError) as caught:
        load_imports(tmp_path)
    assert (caught.value.code, caught.value.facts["file"]) == ("import-malformed", str(tmp_path / "mine.toml"))


@pytest.fixture
def branch(tmp_path: Path) -> Branch:
    branch = Branch(tmp_path / "ours")
    for folder in ("layouts", "imports"):
        (branch.etc / folder).mkdir()
    file = branch.config("").file
    file.write_text('layouts = "layouts"\nimports = "imports"\n' + file.read_text("utf-8"), "utf-8")
    return branch


def refused(branch: Branch) -> str:
    with pytest.raises(PassbookError) as caught:
        check_configuration(load_configuration(branch.etc / "passbook.toml"), {})
    return str(caught.value)


def test_the_folder_of_the_configuration_is_read_and_its_other_files_are_passed_over(branch: Branch) -> None:
    (branch.etc / "imports" / "mine.toml").write_text('encoding = "cp850"', "utf-8")
    (branch.etc / "imports" / "readme.txt").touch()
    config = load_configuration(branch.etc / "passbook.toml")
    assert "mine" in load_named(config).imports
    assert [one.facts["file"] for one in passed_over(config)] == [str(branch.etc / "imports" / "readme.txt")]


def test_a_check_finds_a_malformed_profile_and_a_layout_without_its_profile(branch: Branch) -> None:
    layout = (Path("passbook/layouts") / "savings-24.toml").read_text("utf-8")
    (branch.etc / "layouts" / "mine.toml").write_text(f'import = "none"\n{layout}', "utf-8")
    assert "layout mine names the import profile none; expected one of german-excel, " in refused(branch)
    (branch.etc / "imports" / "none.toml").write_text("colour = 1", "utf-8")
    assert "there is no key colour; known: " in refused(branch)
    (branch.etc / "imports" / "none.toml").unlink()
    (branch.etc / "imports").rmdir()
    assert "imports is not a folder; expected one with imports" in refused(branch)


def test_a_document_is_read_by_the_profile_that_a_person_names_or_its_layout() -> None:
    asked = SubmitJob("r-1", PRINTER, CSV, first=True)
    with pytest.raises(PassbookError) as caught:
        printed(asked)
    assert caught.value.code == "document-malformed"
    line = ["2026-04-03", "Bäckerei", "1234.00", "0.50"]
    assert printed(replace(asked, import_name="german-excel")) == line
    layouts = {name: replace(one, import_name="german-excel") for name, one in load_layouts(None).items()}
    assert printed(asked, layouts) == line
    with pytest.raises(PassbookError) as caught:
        printed(replace(asked, import_name="none"))
    assert caught.value.code == "unknown-import"


def submit(bench: Bench, asked: SubmitJob) -> Record:
    return asyncio.run(bench.admission().submit(TELLER, asked, GERMAN))


def test_the_profile_that_was_named_stays_with_the_job_and_is_a_part_of_the_request(bench: Bench) -> None:
    asked = request(format=CSV, layout="", import_name="german-excel")
    record = submit(bench, asked)
    assert record.import_name == "german-excel"
    assert submit(bench, asked) == record
    for other in ("us-excel", "my-excel", ""):
        with pytest.raises(PassbookError) as caught:
            submit(bench, replace(asked, import_name=other))
        assert caught.value.code == "request-reused"
    start = asyncio.run(bench.admission().start_of(record, replace(asked, import_name=record.import_name), GERMAN))
    assert start is None


def test_a_name_that_is_none_is_refused(bench: Bench) -> None:
    with pytest.raises(PassbookError) as caught:
        submit(bench, request(format=CSV, layout="", import_name="x" * 129))
    assert caught.value.code == "invalid-message"


def test_the_copy_of_a_terminal_is_read_by_the_profile_of_its_job(tmp_path: Path) -> None:
    async def story(agency: Agency) -> None:
        await agency.register()
        document = base64.b64encode(GERMAN).decode()
        facts = BOTH | {"format": CSV, "layout": "", "importName": "german-excel"}
        record = await agency.submit(**facts, document=document, digest=document_digest(KEY, GERMAN))
        await agency.take(await agency.called(record), document=document)
        assert agency.record().valid

    agency = Agency(tmp_path)
    told(agency, story)


@pytest.mark.slow
def test_a_terminal_is_told_the_profiles_with_the_layouts(bench: Bench) -> None:
    reply = asyncio.run(Rooms(bench).ask(TELLER, "Spooler.GetLayouts", {}))
    assert {one.name for one in reply.layouts} == load_layouts(None).keys()
