"""The mutants: each breaks one promise of the design, and names the tests that see it."""

from __future__ import annotations

from typing import Final

from tests.mutants.harness import Mutant

_RULES: Final = "tests/passbook/test_changes_promises.py"

_MODEL: Final = "tests/model/test_appliance.py::TestAppliance"
_CUTS: Final = "tests/drivers/test_cuts.py"
_DURABLE: Final = "tests/scenarios/test_durable.py"
_STOPS: Final = "tests/scenarios/test_stops.py"
_STORE: Final = "tests/storage/test_durability.py"
_ADMISSION: Final = "tests/storage/test_admission.py"

MUTANTS: Final = (
    Mutant(
        "P1",
        "P1-reply-before-commit.patch",
        (f"{_DURABLE}::test_no_acceptance_leaves_before_its_sync_returned",),
        "A job is acknowledged while its commit is under way.",
    ),
    Mutant(
        "P1",
        "P1-commit-without-sync.patch",
        (f"{_STORE}::test_an_acceptance_waits_for_the_sync_of_the_log", _MODEL),
        "A commit returns before the log was synced.",
    ),
    Mutant(
        "P1",
        "P1-unknown-not-blocked.patch",
        (f"{_STORE}::test_an_acceptance_whose_sync_failed_is_neither",),
        "A request whose commit failed is taken again in another area.",
    ),
    Mutant(
        "P2",
        "P2-flag-ignored.patch",
        (f"{_RULES}::test_no_step_of_an_invalid_record_is_sent",),
        "The flag is looked at only when a job is taken up, so a stopped one goes on unanswered.",
    ),
    Mutant(
        "P2",
        "P2-journal-invalid.patch",
        (f"{_RULES}::test_the_flag_alone_decides_whether_a_step_is_sent",),
        "A step of an invalid record is journaled for sending.",
    ),
    Mutant(
        "P3",
        "P3-two-in-doubt.patch",
        (f"{_RULES}::test_the_next_step_is_sent_only_after_the_last_one_was_confirmed",),
        "A step is sent while the one before it is still in doubt.",
    ),
    Mutant(
        "P3",
        "P3-resumed-a-line-too-early.patch",
        (_MODEL,),
        "A job goes on one line above the one that the person named.",
    ),
    Mutant(
        "P3",
        "P3-sent-before-stored.patch",
        (f"{_DURABLE}::test_no_line_is_sent_before_its_step_is_on_disk",),
        "A line is sent while the record of its sending is not on disk yet.",
    ),
    Mutant(
        "P3",
        "P3-clean-up-prints.patch",
        (
            f"{_STOPS}::test_a_cable_unplugged_in_a_line_asks_about_that_line[60]",
            f"{_STOPS}::test_a_fault_in_a_line_asks_about_that_line[cover-open-cover-open]",
        ),
        "The clean-up strikes what is left in the print memory, unasked.",
    ),
    Mutant(
        "P3",
        "P3-confirmed-after-a-dip.patch",
        (
            f"{_CUTS}::test_a_line_whose_text_met_a_power_dip_is_not_confirmed[pty]",
            f"{_CUTS}::test_a_line_whose_text_met_a_power_dip_is_not_confirmed[held]",
        ),
        "A mechanism that lost its power and part of the line, and came back, confirms the line.",
    ),
    Mutant(
        "P3",
        "P3-struck-after-a-dip.patch",
        (
            f"{_CUTS}::test_a_power_dip_at_any_byte_strikes_nothing_in_a_wrong_place_and_confirms_what_is_on_paper[held]",
        ),
        "Text is sent to a mechanism that lost its power, and the way to the line, and came back.",
    ),
    Mutant(
        "P4",
        "P4-stays-valid.patch",
        (f"{_RULES}::test_what_an_earlier_start_left_is_invalid",),
        "A start leaves the records of the start before it valid.",
    ),
    Mutant(
        "P6",
        "P6-first-that-fits.patch",
        (f"{_ADMISSION}::test_a_job_goes_where_most_is_free_on_disk",),
        "A job goes into the first area that has room.",
    ),
    Mutant(
        "P6",
        "P6-reservations-forgotten.patch",
        (f"{_ADMISSION}::test_a_job_goes_where_most_is_free_and_reservations_count",),
        "Space that is promised to other jobs counts as free.",
    ),
    Mutant(
        "P7",
        "P7-any-epoch.patch",
        (f"{_RULES}::test_an_answer_to_an_earlier_question_is_stale",),
        "An answer to an earlier question decides about the present one.",
    ),
    Mutant(
        "P7",
        "P7-epoch-stands-still.patch",
        (
            f"{_RULES}::test_every_invalidation_asks_a_new_question",
            f"{_RULES}::test_every_stop_asks_a_new_question",
        ),
        "A new question has the number of the one before it.",
    ),
)
