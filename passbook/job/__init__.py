"""The record of one job, and every change of it.

Theory of operation.  A record is one frozen value; a change is a function from a record to its Change. The store
applies a change to the record that it finds in its transaction, so no rule decides on an older one. The states are
those of RFC 8011 with one table of transitions, and one function assigns them. A flag beside the state says whether the
record is valid. Every boot takes the flag away, and only a person's answer gives it back (P2, P4). At most one step is
sent and not confirmed (P3). A question is the record itself at one epoch, so no second list of questions can disagree
with the store (P7).

The failures to withstand are a power cut between two changes, and two parties that change one job at the same time.
Both are met in the same way: a change names what it expects of the record, as epoch, step or right, and a record that
is otherwise refuses it. Where two spools have a copy of a job, the print right (`print_right`) says which one may print
(P13); `reported` notes what the other one did. A job of a mail keeps its envelope (`mailed`, `relaying`).

    jobs.change(job_id, changes.answer(given, at=..., date=..., trusted=...))     # judged within the transaction
"""
