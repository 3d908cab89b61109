"""The messages between terminals and the appliance.

Theory of operation.  Messages have the envelope of XFS4IoT (CEN Workshop Agreement 17852): a name, a number that ties
an answer to its command, and a payload.  A payload is a frozen value with a decoder of its own, which refuses an
unknown field by its name and never repeats a value. A view of a job says all that a terminal may know of it, so a
terminal needs only its last view. Long lists come in pages.

The invariant: commands are strict, answers and events are lenient. An unknown field of a command is an order that would
not be done, so it is refused; a newer appliance may say more than a terminal of today understands. Each operation is
data (`operation`): name, roles, codes; docs/protocol.md and its JSON Schema are made from that, so they cannot differ
from the code. The attacker is a client that sends bytes of its choice: a payload is bounded before it is decoded.

    {"header": {"type": "command", "name": "Common.Status", "requestId": 7}, "payload": {}}
"""
