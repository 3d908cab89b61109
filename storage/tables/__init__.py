"""What stands in an area: rows, each verified when it is read and written in the caller's transaction.

Theory of operation.  A row carries a MAC over its columns, its table, its area and its job; a row that does not
verify is set aside and never selected (N2).  All rows of an area add up to one keyed sum, so that none can be taken
away or replayed.  The history is a chain, and its head is a row of its own under that sum.  A record is valid in one
boot of its area, so one small row makes all of them invalid.  An area notes how far its peer areas were, so a rollback
of one is found by the others.

Example: an attacker puts yesterday's row of a printed job in place of today's.  Its MAC verifies.  The sum does not, so
every job of the area is asked about with the reason `storage-rolled-back`.

Nothing here opens a file or begins a transaction: a caller that fails undoes all of it at once.
"""
