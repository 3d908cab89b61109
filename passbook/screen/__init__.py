"""Words that people type and text that they read, for every command of the product.

Theory of operation.  Every command reads its words in one way, and ends with one of a few exit codes that tell the
actor. Its tables and sentences fit the width of the screen. A person types a unique beginning of an id. An error about
a wrong word says the expected form. The simulator and the daemon are commands too, so this room lies below them.

The invariant: a value of a peer reaches a screen or a spreadsheet only as text. A control character could write over
what the person reads, and a cell that begins with `=` would be computed; `columns` and `csv_text` keep both out.
A sentence on standard error and the exit code say the same thing to a person and to a program.

For example `teller jobs --csv` ends with 6 where the words are wrong, with 5 where an operator must act, and with 0
after an empty list, because an empty list is a result.
"""
