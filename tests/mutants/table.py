"""The mutants: each breaks one promise of the design, and names the tests that see it."""

from __future__ import annotations

from typing import Final

from tests.mutants.harness import Mutant

_RULES: Final = "tests/passbook/test_changes_promises.py"

_MODEL: Final = "tests/model/test_appliance.py::TestAppliance"
_CONTROLS: Final = "tests/model/test_controls.py"
_ANSWERS: Final = "tests/scenarios/test_answers.py"
_DESK: Final = "tests/firmware/test_recovery_desk.py"
_BALANCE: Final = "tests/storage/test_balance.py"
_CUTS: Final = "tests/drivers/test_cuts.py"
_DURABLE: Final = "tests/scenarios/test_durable.py"
_STARTS: Final = "tests/storage/test_starts.py"
_POWER: Final = "tests/crash/test_explorer.py"
_STOPS: Final = "tests/scenarios/test_stops.py"
_STORE: Final = "tests/storage/test_durability.py"
_CLOCK: Final = "tests/firmware/test_clock.py"
_EXPIRY: Final = "tests/passbook/test_expiry.py"
_EXPIRY_DESK: Final = "tests/firmware/test_expiry.py"
_REPRINTING: Final = "tests/passbook/test_reprinting.py"
_NONCES: Final = "tests/firmware/test_nonces.py"
_RETENTION: Final = "tests/storage/test_retention.py"
_SIBLINGS: Final = "tests/storage/test_siblings.py"
_NOTICES: Final = "tests/firmware/test_notices.py"
_NOTICES_KEPT: Final = "tests/storage/test_notices.py"
_DAMAGE: Final = "tests/storage/test_damage.py"
_BOUNDARY: Final = "tests/firmware/test_environment.py"
_COMMANDS: Final = "tests/firmware/test_commands.py"
_ENDS: Final = "tests/storage/test_notices.py"
_INQUIRY: Final = "tests/scenarios/test_environment.py"
_ADMISSION: Final = "tests/storage/test_admission.py"
_WRITER: Final = "tests/storage/test_writer.py"
_GROWTH: Final = "tests/fuzz/test_growth.py::test_twice_the_input_costs_a_codec_no_more_than_twice_as_much"
_CONSOLE: Final = "tests/terminal/test_console.py"
_SCREEN: Final = "tests/terminal/test_screen.py"
_DIALOGUE: Final = "tests/terminal/test_dialogue.py"
_FORGERY: Final = "tests/storage/test_forgery.py"
_MARK: Final = "tests/storage/test_mark.py"

MUTANTS: Final = (
    Mutant(
        "P1",
        "P1-reply-before-commit.patch",
        (f"{_DURABLE}::test_no_acceptance_leaves_before_its_sync_returned",),
        "A job is acknowledged while its commit is under way.",
    ),
    Mutant(
        "P1",
        "P1-commit-without-look.patch",
        ("tests/storage/test_watch.py::test_a_commit_into_a_file_that_is_not_at_its_path_is_not_acknowledged",),
        "A commit counts although the log that it went into is not at its path any more.",
    ),
    Mutant(
        "P1",
        "P1-commit-without-sync.patch",
        (
            f"{_STORE}::test_an_acceptance_waits_for_the_sync_of_the_log",
            f"{_POWER}::test_a_day_is_safe_whenever_the_power_goes",
            _MODEL,
        ),
        "A commit returns before the log was synced.",
    ),
    Mutant(
        "P1",
        "P1-created-in-place.patch",
        ("tests/storage/test_opening.py::test_a_creation_that_was_cut_off_within_a_page_is_done_again",),
        "A new area's file has its name before it is whole, so that half of it is out of use for ever.",
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
        (f"{_CONTROLS}::test_the_day_is_in_order[going_on]",),
        "A job goes on one line above the one that the person named.",
    ),
    Mutant(
        "P3",
        "P3-ordered-again-is-left.patch",
        (f"{_RULES}::test_lines_ordered_again_are_known_as_sent_when_a_restart_comes_first",),
        "Lines that were sent, and ordered again before a restart, are told to have never been sent.",
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
        (
            f"{_RULES}::test_what_an_earlier_start_left_is_invalid",
            f"{_POWER}::test_a_day_is_safe_whenever_the_power_goes",
        ),
        "A start leaves the records of the start before it valid.",
    ),
    Mutant(
        "P4",
        "P4-joined-unchanged.patch",
        (f"{_MARK}::test_an_area_that_joins_later_is_invalid_before_it_is_used",),
        "An area that joins later prints what an earlier start left in it.",
    ),
    Mutant(
        "P4",
        "P4-any-start.patch",
        (f"{_STARTS}::test_before_any_record_is_written_every_one_is_a_question",),
        "What was made valid in an earlier start is valid until somebody writes into its record.",
    ),
    Mutant(
        "P4",
        "P4-start-repeated.patch",
        (f"{_STARTS}::test_what_was_valid_before_starts_were_counted_is_a_question_in_the_first_one",),
        "The first start that is counted has the number in which records of before are valid.",
    ),
    Mutant(
        "P5",
        "P5-may-be-swapped.patch",
        ("tests/deploy/test_unit.py::test_keys_leave_no_core_file_and_are_not_swapped",),
        "The service's memory, with the keys in it, may be swapped to the disk.",
    ),
    Mutant(
        "P5",
        "P5-key-on-disk.patch",
        ("tests/storage/test_crash.py::test_nothing_on_disk_says_what_a_job_says",),
        "The requester's key is stored beside what it seals.",
    ),
    Mutant(
        "P5",
        "P5-plain-digest.patch",
        ("tests/storage/test_keys.py::test_equal_contents_of_two_requests_have_different_digests",),
        "A digest without a key tells which documents are the same, and what a guessed one says.",
    ),
    Mutant(
        "P5",
        "P5-text-in-log.patch",
        (f"{_ANSWERS}::test_a_representative_without_the_recovery_key_can_hold_and_discard_only",),
        "What a document says is logged.",
    ),
    Mutant(
        "P10",
        "P10-fence-forgets.patch",
        ("tests/storage/test_watch.py::test_an_area_whose_log_was_cut_short_is_refused_by_what_was_noted_of_it",),
        "How far an area was is not noted before it is fenced for its files.",
    ),
    Mutant(
        "P10",
        "P10-balance-not-undone.patch",
        (f"{_WRITER}::test_what_a_member_that_raises_did_to_balance_and_history_is_undone",),
        "Rows that a member of a group commit did not write after all count in the sum that tells of missing ones.",
    ),
    Mutant(
        "P11",
        "P11-head-not-undone.patch",
        (f"{_WRITER}::test_what_a_member_that_raises_did_to_balance_and_history_is_undone",),
        "The head counts an entry that a member of a group commit did not write after all.",
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
    Mutant(
        "P7",
        "P7-typed-ahead-answers.patch",
        (
            f"{_CONSOLE}::test_what_was_typed_before_a_question_is_no_answer_to_it",
            f"{_SCREEN}::test_nothing_that_was_typed_ahead_names_a_person_or_answers_a_question",
        ),
        "What was typed before a question came is taken as its answer.",
    ),
    Mutant(
        "P7",
        "P7-newest-question-answered.patch",
        (f"{_DIALOGUE}::test_an_answer_is_to_the_question_that_was_shown_whatever_came_since",),
        "An answer to the question on the screen is sent as one to a newer question.",
    ),
    Mutant(
        "F4",
        "F4-content-stays.patch",
        ("tests/firmware/test_retention.py::test_content_that_nobody_answered_for_goes_and_the_question_stays",),
        "The record says that the content was destroyed, and it is still there.",
    ),
    Mutant(
        "F4",
        "F4-in-doubt-expires.patch",
        (
            f"{_EXPIRY}::test_a_job_with_a_step_on_paper_or_in_doubt_never_expires",
            f"{_EXPIRY}::test_a_job_that_was_begun_and_ordered_anew_never_expires",
        ),
        "A job with a line on paper or in doubt is given up at the day's end.",
    ),
    Mutant(
        "F4",
        "F4-never-asked-expires.patch",
        (
            f"{_EXPIRY_DESK}::test_what_nobody_was_asked_about_stays",
            f"{_EXPIRY_DESK}::test_what_an_operator_holds_and_nobody_was_asked_about_stays",
        ),
        "A job ends that nobody was asked about.",
    ),
    Mutant(
        "N4",
        "N4-untrusted-clock-destroys.patch",
        ("tests/firmware/test_retention.py::test_nothing_is_destroyed_by_a_clock_that_is_not_trusted",),
        "The content of a question is destroyed by a clock that is not trusted.",
    ),
    Mutant(
        "N4",
        "N4-untrusted-clock-expires.patch",
        (f"{_EXPIRY_DESK}::test_under_a_clock_that_is_not_trusted_nothing_expires",),
        "A clock that is not trusted ends a job's day.",
    ),
    Mutant(
        "N4",
        "N4-any-stamp-is-old.patch",
        (f"{_NOTICES_KEPT}::test_an_end_with_the_stamp_of_a_wrong_clock_is_of_the_day_when_a_right_one_saw_it",),
        "An end that was stamped in 1970 is forgotten with its notice as soon as the clock is right.",
    ),
    Mutant(
        "N4",
        "N4-untrusted-date-expires.patch",
        (f"{_EXPIRY}::test_what_expires_is_an_open_question_of_an_earlier_trusted_day_that_no_mechanism_has_touched",),
        "A job expires by a date that was written under a clock that was not trusted.",
    ),
    Mutant(
        "N4",
        "N4-certificates-any-clock.patch",
        (f"{_CLOCK}::test_certificates_are_judged_by_a_time_that_surely_was",),
        "A clock that is years ahead locks every terminal out.",
    ),
    Mutant(
        "N4",
        "N4-word-outlives-a-jump.patch",
        (f"{_CLOCK}::test_an_operators_word_is_over_when_the_clock_jumps_also_when_it_jumps_back_again",),
        "An operator's word about the clock holds for one that was set since.",
    ),
    Mutant(
        "P3",
        "P3-one-person-reprints.patch",
        (
            f"{_REPRINTING}::test_the_order_of_one_person_prints_nothing",
            f"{_REPRINTING}::test_a_record_that_may_say_less_than_the_paper_takes_two_to_print_at_all",
        ),
        "One person alone has lines printed again that are on paper.",
    ),
    Mutant(
        "P11",
        "P11-unsigned-cut.patch",
        (f"{_DAMAGE}::test_damage_is_found_in_a_stopped_store[the beginning cut at a mark made a cut]",),
        "Who deletes the oldest entries and writes a cut without the key is believed.",
    ),
    Mutant(
        "P11",
        "P11-any-mark-is-a-cut.patch",
        (f"{_DAMAGE}::test_damage_is_found_in_a_stopped_store[the beginning cut at a true mark]",),
        "A true mark excuses that the entries before it are missing, however young it is.",
    ),
    Mutant(
        "P11",
        "P11-gap-not-found.patch",
        (f"{_DAMAGE}::test_damage_is_found_in_a_stopped_store[an entry dropped]",),
        "An entry that was dropped, and those behind it, are not missed.",
    ),
    Mutant(
        "P11",
        "P11-cut-too-early.patch",
        (
            f"{_RETENTION}::test_stamps_of_a_wrong_clock_decide_nothing",
            "tests/firmware/test_upkeep.py::test_what_is_older_than_the_retention_goes_by_and_by",
        ),
        "Entries go up to the newest mark, whatever its age.",
    ),
    Mutant(
        "P11",
        "P11-word-cuts-all.patch",
        ("tests/firmware/test_upkeep.py::test_by_an_operators_word_the_last_entries_stay_whatever_the_year",),
        "An operator who vouches for a wrong year takes the whole history.",
    ),
    Mutant(
        "P11",
        "P11-trigger-obeyed.patch",
        (
            f"{_DAMAGE}::test_nothing_is_written_to_a_file_with_a_trigger_in_it",
            f"{_DAMAGE}::test_a_trigger_that_is_planted_in_an_open_area_fences_it_when_it_is_found",
        ),
        "An area is used although somebody wrote a trigger into its file.",
    ),
    Mutant(
        "P11",
        "P11-yesterday-is-opened.patch",
        (
            f"{_SIBLINGS}::test_an_area_put_back_to_yesterday_is_not_opened",
            f"{_SIBLINGS}::test_without_the_other_area_nobody_can_know_and_with_it_an_offline_check_does",
        ),
        "An area that has fewer entries than another one knows is taken as it is.",
    ),
    Mutant(
        "N2",
        "N2-wraps-share-a-key.patch",
        (f"{_NONCES}::test_a_job_sealed_again_after_a_cut_and_one_under_another_key_meet_no_nonce_twice",),
        "All data keys that one requester's key wraps are wrapped under one key and one nonce.",
    ),
    Mutant(
        "N2",
        "N2-counter-stands-still.patch",
        (f"{_NONCES}::test_no_chunk_of_any_document_has_the_nonce_of_another",),
        "All chunks of a document but the last have one nonce.",
    ),
    Mutant(
        "N2",
        "N2-self-test-left-out.patch",
        ("tests/firmware/test_start.py::test_a_cipher_that_does_not_give_its_published_result_stops_the_start",),
        "The appliance starts with a cipher that computes wrongly.",
    ),
    Mutant(
        "N2",
        "N2-altered-opens.patch",
        ("tests/storage/test_self_test.py::test_a_primitive_that_computes_wrongly_is_named[what was altered opens]",),
        "The self-test takes a cipher for right that opens what was altered.",
    ),
    Mutant(
        "P6",
        "P6-disk-not-asked.patch",
        (f"{_ADMISSION}::test_a_job_goes_where_its_disk_has_room_whatever_the_quota_says",),
        "A job goes to a full disk because its area's quota has room.",
    ),
    Mutant(
        "P8",
        "P8-told-is-noted.patch",
        (f"{_NOTICES}::test_an_end_is_told_at_every_coming_until_somebody_takes_note",),
        "An end counts as acknowledged when it was delivered.",
    ),
    Mutant(
        "P8",
        "P8-forgotten-at-a-start.patch",
        (f"{_NOTICES}::test_after_a_power_cut_the_end_is_told_again_and_its_requester_has_its_time_again",),
        "Ends that nobody acknowledged are told until the next start only.",
    ),
    Mutant(
        "P8",
        "P8-only-what-was-printed.patch",
        (
            f"{_NOTICES}::test_every_kind_of_end_is_told[canceled by a person]",
            f"{_NOTICES}::test_every_kind_of_end_is_told[discarded]",
            f"{_NOTICES}::test_what_the_system_aborted_is_told_too",
        ),
        "Only the end of a job that was printed is told.",
    ),
    Mutant(
        "P8",
        "P8-dropped-with-the-others.patch",
        (f"{_ENDS}::test_an_open_end_is_kept_longer_than_one_that_somebody_took_note_of",),
        "An end that nobody acknowledged is forgotten as early as any other.",
    ),
    Mutant(
        "P9",
        "P9-answered-in-mid-job.patch",
        (
            f"{_BOUNDARY}::test_an_inquiry_in_mid_job_is_answered_after_its_book_was_taken_and_before_the_next_job_begins",
            f"{_INQUIRY}::test_an_inquiry_sent_while_a_job_prints_is_answered_before_the_next_with_exact_figures",
        ),
        "Figures are told while a job prints.",
    ),
    Mutant(
        "P9",
        "P9-book-still-inside.patch",
        (
            f"{_BOUNDARY}::test_a_lost_mechanism_that_may_hold_the_book_of_an_earlier_start_is_no_boundary",
            f"{_BOUNDARY}::test_a_stop_whose_book_was_taken_is_a_boundary_and_one_whose_book_lies_inside_is_none",
        ),
        "Figures are told while the book of an unfinished job may lie in a mechanism that is lost.",
    ),
    Mutant(
        "P9",
        "P9-doubt-counts-as-printed.patch",
        (
            "tests/passbook/test_counters.py::test_what_is_counted_is_what_was_put_on_paper_however_often",
            "tests/storage/test_counters.py::test_jobs_that_wait_for_their_next_start_are_held",
        ),
        "A line that was sent and that nobody confirmed is counted as printed.",
    ),
    Mutant(
        "P10",
        "P10-last-ones-forgotten.patch",
        (f"{_ENDS}::test_the_last_ends_of_each_requester_can_be_kept_whatever_their_date",),
        "By an operator's word about the clock also the last requests of a terminal are forgotten.",
    ),
    Mutant(
        "P10",
        "P10-ended-forgotten.patch",
        (f"{_ADMISSION}::test_the_same_request_is_the_same_job_in_any_area_and_after_its_end",),
        "A request whose job has ended is taken for a new one.",
    ),
    Mutant(
        "P10",
        "P10-new-store-unasked.patch",
        (f"{_MARK}::test_all_areas_missing_at_once_are_no_new_store",),
        "Where all areas are missing, a new store takes every request for new.",
    ),
    Mutant(
        "P11",
        "P11-refusal-forgotten.patch",
        (
            f"{_MARK}::test_an_area_stays_refused_when_its_witness_breaks",
            f"{_MARK}::test_each_of_two_that_refused_each_other_stays_refused_alone",
        ),
        "An area that was refused is used again as soon as the one that knew better breaks.",
    ),
    Mutant(
        "P10",
        "P10-absent-is-empty.patch",
        ("tests/storage/test_opening.py::test_an_empty_folder_in_place_of_a_known_area_is_no_new_area",),
        "An area that is away is taken for one that never had the request.",
    ),
    Mutant(
        "P10",
        "P10-content-ignored.patch",
        (f"{_ADMISSION}::test_the_same_request_is_the_same_job_in_any_area_and_after_its_end",),
        "A request with other content is taken for the same one, and never printed.",
    ),
    Mutant(
        "P11",
        "P11-only-what-is-shorter.patch",
        ("tests/terminal/test_heads.py::test_another_history_is_told_also_when_it_is_as_long_or_longer",),
        "A terminal compares only how long the history is, so a disk put back is not found once it has grown again.",
    ),
    Mutant(
        "P4",
        "P4-suspicion-forgotten.patch",
        (f"{_FORGERY}::test_an_altered_start_is_suspect_until_an_operator_has_looked_whatever_cuts_come",),
        "A cut in the first start after its number was altered makes everybody forget that it was.",
    ),
    Mutant(
        "P10",
        "P10-suspect-knows-all.patch",
        (f"{_FORGERY}::test_a_request_that_may_have_been_forgotten_is_not_taken_for_new",),
        "An area from which ends were taken away is believed when it says that it never saw a request.",
    ),
    Mutant(
        "P11",
        "P11-steps-not-counted.patch",
        (f"{_FORGERY}::test_steps_that_are_undone_are_missed_by_the_other_area_though_they_have_no_entry",),
        "Printing that has no entry in the history is undone, and the other area does not miss it.",
    ),
    Mutant(
        "P11",
        "P11-any-count-is-believed.patch",
        (f"{_SIBLINGS}::test_an_altered_count_of_changes_is_told_and_taken_as_it_is",),
        "A count of changes that does not verify is held against what the other areas know.",
    ),
    Mutant(
        "P4",
        "P4-journal-played-back.patch",
        (f"{_FORGERY}::test_a_rollback_journal_is_never_played_back",),
        "SQLite writes what a journal says into a file that was found to be right.",
    ),
    Mutant(
        "P4",
        "P4-looked-at-before.patch",
        (f"{_FORGERY}::test_an_area_is_what_sqlite_makes_of_its_files_and_not_what_was_looked_at_before",),
        "A file that changes after it was looked at is taken for one of an earlier format, with all its rows.",
    ),
    Mutant(
        "P10",
        "P10-id-noted-anew.patch",
        (f"{_SIBLINGS}::test_an_id_that_was_altered_is_not_forgotten_before_an_operator_has_looked",),
        "What was remembered of an area that was put back fits again after a start, and what that forgot is new.",
    ),
    Mutant(
        "P10",
        "P10-format-not-bound.patch",
        (f"{_FORGERY}::test_an_area_cannot_pass_for_one_of_an_earlier_format",),
        "A file that says that it is of an earlier format is taken for right as it is.",
    ),
    Mutant(
        "P10",
        "P10-unverified-end-forgotten.patch",
        (f"{_FORGERY}::test_an_end_is_not_forgotten_by_columns_that_were_altered",),
        "An end is forgotten because a column that nobody verified says that it is old.",
    ),
    Mutant(
        "P11",
        "P11-weight-without-place.patch",
        (f"{_FORGERY}::test_the_mac_of_a_row_weighs_something_else_in_another_place",),
        "The MAC of a row that was taken away, put into a row of one's own, makes up for it.",
    ),
    Mutant(
        "P11",
        "P11-rows-not-summed.patch",
        (f"{_BALANCE}::test_what_was_put_back_or_taken_away_is_found_and_stays_found[an ended job put back]",),
        "A job that has ended is put back into its area, and nothing notices.",
    ),
    Mutant(
        "P12",
        "P12-answer-names-people.patch",
        (
            "tests/passbook/test_decisions.py::test_an_end_that_a_person_ordered_says_by_whom",
            f"{_COMMANDS}::test_who_decided_is_named_to_who_may_decide_only",
        ),
        "Every terminal reads the name of who answered about a job.",
    ),
    Mutant(
        "P12",
        "P12-operators-hold-ignored.patch",
        (
            f"{_COMMANDS}::test_what_an_operator_holds_its_requester_cannot_free_and_a_representative_can",
            "tests/firmware/test_answering.py::test_what_an_operator_holds_is_passed_over_and_said_so[discard]",
        ),
        "A requester's answer, release or cancel ends an operator's hold.",
    ),
    Mutant(
        "P12",
        "P12-anybody-takes-note.patch",
        (f"{_NOTICES}::test_a_stranger_may_not_take_note",),
        "Any terminal acknowledges any end.",
    ),
    Mutant(
        "P12",
        "P12-anybody-decides.patch",
        (f"{_DESK}::test_another_teller_may_not_decide",),
        "Any terminal decides about any job.",
    ),
    Mutant(
        "P12",
        "P12-all-see-terminals.patch",
        ("tests/firmware/test_roll.py::test_representatives_see_the_state_of_every_terminal_and_others_do_not",),
        "Any terminal sees the state of all.",
    ),
    Mutant(
        "P14",
        "P14-key-line-squared.patch",
        (f"{_GROWTH}[documents]",),
        "A key line is read by a pattern that takes the square of the blanks in it.",
    ),
    Mutant(
        "P14",
        "P14-any-run-of-marks.patch",
        (f"{_GROWTH}[documents]",),
        "A run of combining marks is composed however long it is.",
    ),
    Mutant(
        "P14",
        "P14-end-is-silent.patch",
        ("tests/firmware/test_supervisor.py::test_a_task_that_was_cancelled_by_anybody_else_is_a_failure",),
        "A task that must go on ends, and nobody hears of it.",
    ),
    Mutant(
        "P14",
        "P14-thread-is-silent.patch",
        ("tests/firmware/test_supervisor.py::test_the_hook_of_the_threads_ends_the_process",),
        "A thread that must go on raises, and nobody hears of it.",
    ),
)
