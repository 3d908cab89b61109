"""The part of the catalogue that tells of areas, records and history on disk."""

from __future__ import annotations

from typing import Final

from passbook.errors.kinds import ErrorKind, Mender

STORAGE_ERRORS: Final[dict[str, ErrorKind]] = {
    "area-fenced": ErrorKind(
        Mender.OPERATOR,
        "Storage area {area} is out of use: {why}. Nothing more of it prints and nothing is written to it; check the "
        "disk, then restart.",
    ),
    "area-absent": ErrorKind(
        Mender.OPERATOR,
        "Storage area {area} is missing: {why}, and the area was there before. Nothing was created there; "
        "look whether its disk is mounted. A new disk takes a new area name.",
    ),
    "area-not-made": ErrorKind(
        Mender.OPERATOR,
        "Storage area {area} was not made: this appliance had a store, and no area of it can be used. Bring one back "
        "and restart; if all of them are lost for good, run passbookctl accept-new-store.",
    ),
    "mark-unusable": ErrorKind(
        Mender.OPERATOR,
        "The mark of the storage areas, in {file}, cannot be used: {why}. Areas that can be opened are used. See that "
        "each is where it belongs: a refused one may have been put beside a missing one. The appliance makes the file "
        "anew at a boot that can use all areas.",
    ),
    "mark-not-written": ErrorKind(
        Mender.OPERATOR,
        "The mark of the storage areas cannot be written, in {file}: {why}. No area is made without it; see that the "
        "appliance may write there, then restart.",
    ),
    "own-area-unusable": ErrorKind(
        Mender.OPERATOR,
        "Storage area {area} of this terminal's spool is not used: {why}. It was left unchanged, and its jobs are not "
        "printed here; the other area takes documents. Put {folder} back as it was and start the agent again; if the "
        "area is lost for good, end the jobs of the other one, move {folder} away and run teller agent --new-spool.",
    ),
    "own-area-altered": ErrorKind(
        Mender.OPERATOR,
        "Storage area {area} of this terminal's spool was altered: {why}. Nothing of it prints without a person's "
        "answer: look at each book first. When its jobs have ended, keep {folder} in another place as evidence and run "
        "teller agent --new-spool.",
    ),
    "own-spool-unusable": ErrorKind(
        Mender.OPERATOR,
        "The agent did not start: this terminal had a spool in {folder}, and it cannot be used ({why}). No new one was "
        "made. Put the folder back as it was, or see that its disk is mounted. If it is lost for good, move away what "
        "is left and run teller agent --new-spool: jobs that the appliance has go on there, and each book of a job "
        "that only this terminal kept must be looked at before that job is sent again.",
    ),
    "own-spool-there": ErrorKind(
        Mender.CALLER,
        "No new spool was begun: storage areas of this terminal are in {folder}. Nothing was changed; start the agent "
        "without --new-spool, or move that folder away first.",
    ),
    "area-unsure": ErrorKind(
        Mender.OPERATOR,
        "Whether storage area {area} was rolled back to an earlier state cannot be known: the records that would tell "
        "were altered and cannot be read any more. Questions about its jobs say so; when each book was looked at, run "
        "passbookctl accept-rollback {area}.",
    ),
    "appliance-locked": ErrorKind(
        Mender.OPERATOR,
        "The appliance is locked: no storage area can be used. Nothing was accepted and nothing prints; all stored "
        "jobs are kept. An operator sees the reason with passbookctl status; then send the same request again.",
    ),
    "not-a-new-store": ErrorKind(
        Mender.OPERATOR,
        "The store was not taken as new: {why}. Nothing was changed; repair that area, or, if it is lost for good, "
        "take it out of the configuration and restart.",
    ),
    "area-format": ErrorKind(
        Mender.OPERATOR,
        "Storage area {area} has format {found}, and this version reads format {known} only. It was left unchanged: "
        "install the version that wrote it, or begin a new store with other, empty folders for areas and state.",
    ),
    "unknown-area": ErrorKind(
        Mender.OPERATOR, "This appliance has no storage area {area}. Nothing was done; see passbookctl areas."
    ),
    "area-too-small": ErrorKind(
        Mender.OPERATOR,
        "Storage area {area} is given {quota} bytes and needs {least}. It was not opened; give it more.",
    ),
    "area-full": ErrorKind(
        Mender.OPERATOR,
        "The disk of storage area {area} has no space left: {free} bytes are free and {needed} are needed. Nothing was "
        "changed; remove other files from it.",
    ),
    "change-unknown": ErrorKind(
        Mender.OPERATOR,
        "The appliance does not know whether it stored the change of job {job}: storage area {area} failed. Nothing "
        "more is printed of the job; check the disk, then restart.",
    ),
    "sealed-damaged": ErrorKind(
        Mender.OPERATOR,
        "The sealed content of job {job} was altered or damaged. The job will never be printed; discard it.",
    ),
    "record-quarantined": ErrorKind(
        Mender.OPERATOR,
        "Record {job} in area {area} was altered or damaged. It is kept and will never be printed.",
    ),
    "books-damaged": ErrorKind(
        Mender.OPERATOR,
        "{count} rows of storage area {area} that tell where books stand were altered. They count as no knowledge: "
        "people are asked about the next update of each of these books, and its end writes the row anew.",
    ),
    "counter-damaged": ErrorKind(
        Mender.OPERATOR,
        "The counters of printer {printer} in area {area} were altered or damaged. Printing goes on, and jobs of that "
        "printer in that area are not counted any more; keep the disk as evidence.",
    ),
    "area-foreign": ErrorKind(
        Mender.OPERATOR, "Storage area {area} belongs to another appliance or area. It was not changed."
    ),
    "area-altered": ErrorKind(
        Mender.OPERATOR,
        "The file of storage area {area} is not built as this program builds it: {why}. Another program wrote into "
        "it; nothing of it prints and nothing more is written to it. Keep the disk as evidence; put a sound copy "
        "there.",
    ),
    "peers-altered": ErrorKind(
        Mender.OPERATOR,
        "The notes of storage area {area} about its peer areas were altered or damaged: {why}. Work goes on; keep the "
        "disk as evidence, and before the next boot see that every area is where it belongs: an empty folder might "
        "be taken for a new area. If passbookctl verify finds it too, run passbookctl accept-rollback {area} while "
        "the appliance runs.",
    ),
    "no-area-there": ErrorKind(
        Mender.OPERATOR, "{folder} {why}. Nothing was verified there; name the folders of the storage areas."
    ),
    "area-rolled-back": ErrorKind(
        Mender.OPERATOR,
        "Storage area {area} was rolled back to an earlier state, or lost its last changes: {why}. It was not changed "
        "and nothing of it prints; put the right disk in place and restart, or run passbookctl accept-rollback {area}.",
    ),
    "rows-altered": ErrorKind(
        Mender.OPERATOR,
        "The records of storage area {area} do not add up: some were removed, or replaced by older ones. Nothing "
        "prints without a person's answer, and from the next boot on every question about them says so; have each "
        "book looked at, keep the disk as evidence, then run passbookctl accept-rollback {area} while the appliance "
        "runs.",
    ),
    "memory-altered": ErrorKind(
        Mender.OPERATOR,
        "The notes of storage area {area} about area {other} were altered or damaged, so whether {other} was rolled "
        "back to an earlier state cannot be known. Keep the disk as evidence, then run passbookctl accept-rollback "
        "{area} while the appliance runs.",
    ),
    "nothing-to-accept": ErrorKind(
        Mender.OPERATOR,
        "Storage area {area} was neither rolled back nor altered, or it is out of use. Nothing was changed.",
    ),
    "areas-not-asked": ErrorKind(
        Mender.OPERATOR,
        "Storage area {area} was not accepted unchanged, because {missing} cannot be told and would refuse it again. "
        "Bring {missing} back, or, if it is lost for good, take it out of the configuration; then restart and give "
        "the command again.",
    ),
    "area-in-use": ErrorKind(
        Mender.OPERATOR,
        "Storage area {area} is in use by another process. It was not changed; stop that process first.",
    ),
    "history-broken": ErrorKind(
        Mender.OPERATOR,
        "The history of area {area} does not fit at entry {entry}: {why}. Keep the disk as evidence.",
    ),
    "history-rolled-back": ErrorKind(
        Mender.OPERATOR,
        "The history of area {area} of {appliance} is not the one that this terminal knew before (entry {entries}): "
        "an older disk may have been put in its place. Nothing was changed and work goes on; look at each book before "
        "printing into it, call the operator, and keep the disk as evidence.",
    ),
    "no-area-usable": ErrorKind(Mender.OPERATOR, "No storage area can be used: {why} The appliance did not start."),
    "appliance-key-wrong": ErrorKind(
        Mender.OPERATOR,
        "The appliance key does not fit area {area}. Nothing was opened; put the right key in place.",
    ),
    "forms-short": ErrorKind(
        Mender.OPERATOR,
        "The stock of form {form} at printer {printer} has too few sheets; needed: {needed}. Nothing was printed; "
        "put sheets in and replenish the stock.",
    ),
    "stock-low": ErrorKind(
        Mender.OPERATOR,
        "Form {form} in cassette {cassette} of printer {printer} runs low; sheets left: {left}. "
        "Put sheets in and replenish the stock.",
    ),
    "stock-empty": ErrorKind(
        Mender.OPERATOR,
        "Form {form} in cassette {cassette} of printer {printer} is used up; sheets left: {left}. Its jobs wait; "
        "put sheets in and replenish the stock.",
    ),
    "stock-not-known": ErrorKind(
        Mender.OPERATOR,
        "The stock of forms is not known, since {why}. Jobs that need forms wait; see to that area.",
    ),
    "stock-refused": ErrorKind(
        Mender.OPERATOR,
        "The stock of form {form} in cassette {cassette} of printer {printer} stays unchanged: {why}.",
    ),
}
"""Code -> actor and sentence; see passbook.errors.CATALOGUE."""
