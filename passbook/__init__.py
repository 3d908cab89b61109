"""The words and the pure rules of printing into passbooks.

Theory of operation.  Rules are kept apart from deeds. A rule here takes values and gives values: no I/O, no clock, no
threads, no randomness. So a test can try every rule with any input, in any order, and without a machine; and the
appliance, the teller's command and the tests decide by the same code. Rooms around it read files, ask clocks and send
bytes. They ask a rule for the next deed, and do it.

`document` turns the documents of terminals into placed lines; `job` has the record of a job and every change of it;
`protocol` has the messages, and `mail` the rules of mail; `errors` has the sentence of every failure; `screen` lays
text out for people. `layouts` has the files of the books that come with the product.

The invariant: a rule gives the same result for the same values, on every machine and in every year. The import-linter
refuses a rule that opens a file, asks a clock or draws a random number. For example `job.changes.answer` turns an
answer of a person into a change. The store applies it within its transaction; a test applies it to records that no run
would make.
"""
