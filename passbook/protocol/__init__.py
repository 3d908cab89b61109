"""The messages between terminals and the appliance.

Theory of operation.  Messages have the envelope of XFS4IoT (CEN Workshop Agreement 17852): a name, a number that ties
an answer to its command, and a payload.  A payload is a frozen value with a decoder of its own, which refuses an
unknown field by its name and never repeats a value. A view of a job says all that a terminal may know of it, so a
terminal needs only its last view. Long lists come in pages.
"""
