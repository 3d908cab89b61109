"""The doors through which terminals, operators, auditors and mail systems speak to the appliance.

Theory of operation.  A door proves who speaks, turns bytes into commands and back, and decides nothing.  The terminal
door and the operators' door speak one protocol and answer by one `exchange`: a command is acknowledged, then completed.
They differ in the proof: a certificate at the one, the kernel's word about a caller at the other.  A stranger must not
keep out any other client, so each door bounds the connections of strangers before they are judged.  A terminal is read
no faster than it may send.  A client that does not read is disconnected, and the appliance never waits for it.  So no
client holds up another (P14).

The mail door speaks SMTP in place of the protocol. A sender is proved by a certificate or a password, or is one of a
network that a route admits. The door hands envelope and message to the intake of mail. It says 250 only after all jobs
of that mail are durable (P1), since the other side then forgets the mail.

For example a thousand connections of a stranger fill the gate before the terminal door. The oldest of them is closed
for each new one, and a terminal that finishes its handshake is through and counted apart.
"""
