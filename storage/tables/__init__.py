"""What stands in an area: rows, each verified when it is read and written in the caller's transaction.

Theory of operation.  A row carries a MAC over its columns, its table, its area and its job; a row that does not
verify is set aside and never selected (N2).  All rows of an area add up to one keyed sum, so that none can be taken
away or put back.  The history is a chain, and its head is in the area's one anchor.  Boots say in which start a
record is valid.  Peers hold how far the other areas were, so an area that was put back to yesterday is found by them.

Nothing here opens a file or begins a transaction: a caller that fails undoes all of it at once.
"""
