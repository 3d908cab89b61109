"""The doors through which terminals, operators and auditors speak to the appliance.

Theory of operation.  A door proves who speaks, turns bytes into commands and back, and decides nothing.  Both doors
speak one protocol and answer by one `exchange`: a command is acknowledged, then completed.  They differ in the proof:
the terminal door has a certificate, the operators' door has what the kernel knows of a caller.  A stranger must not
keep out anybody else, so both bound the connections of strangers apart, before they are judged.  A terminal is read
no faster than it may send.  A client that does not read is disconnected, and the appliance never waits for it.  So no
client holds up another (P14).
"""
