"""What terminals and the appliance say to each other.

Theory of operation.  Messages have the envelope of XFS4IoT (CEN Workshop Agreement 17852): a name, a number that ties
an answer to its command, and a payload.  A payload is a frozen value with a decoder of its own, which refuses what it
does not know by the name of the field and never repeats a value.  Views of a job say all that a terminal may know of
it, so a terminal needs nothing but its last view; long lists come in pages.
"""
