"""The words and the pure rules of printing into passbooks.

Theory of operation.  What decides is kept apart from what acts.  A rule here takes values and gives values: no I/O,
no clock, no threads, no randomness.  So every rule can be tried with any input, in any order, and without a machine,
and the appliance, the teller's command and the tests decide by the same code.  Rooms around it read files, ask clocks
and send bytes; they ask here what is to be done, and do it.

`document` turns what a terminal sends into placed lines; `job` has the record of a job and every change of it;
`protocol` has the messages; `errors` has every sentence about what went wrong; `screen` lays text out for people.
"""
