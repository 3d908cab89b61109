"""The side of the teller: the `teller` command, the key ring, and the folder of one terminal.

Theory of operation.  The terminal makes the key of each job and keeps it in a key ring that a passphrase seals; the
appliance gets it with the job and forgets it at the job's end. A command follows a job over power cuts. An answer
counts only for the question on the screen: the terminal throws earlier keys away, and sends epoch and step of the shown
question with the answer (P7). The terminal remembers the head of the appliance's history, so it finds a rollback (P11).

The failures to withstand are an appliance that goes away in the middle of a command, a teller who presses keys before
reading, and a power cut of the teller's machine. Every deed that a person sees done is durable on one side. A request
has an id before it is sent, so the same request again is the same job (P10), and a key pressed before a question was
drawn is thrown away. `agent` is a process of its own with a spool; `teller` talks to it when it runs, and to the
appliance otherwise, by the same protocol.
"""
