"""Printer families behind one protocol of functions, `dialect.Dialect`.

Theory of operation.  The document session knows what comes next and what is in doubt; a dialect knows the bytes for
it, and which answer proves what.  Each family is a package with its commands, its answers, its geometry and its
profile of data.  A new family is such a package and a row of `known.DIALECTS`; the session and every room above stay
unchanged.  What a dialect cannot confirm it declares: `lines_in_doubt` of its profile (P3).  For example a family whose
printer confirms only each second line declares 2, and a question about a stop says that number.

The invariant: a dialect keeps nothing between two calls, so the document session alone knows what may be on paper. A
dialect whose functions are given a conversation returns only when the mechanism has answered, and every failure is one
MechanismStop with its reason. So a new family cannot bring a second way to repeat a line.
"""
