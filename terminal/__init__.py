"""The side of the teller: the `teller` command, the key ring, and the folder of one terminal.

Theory of operation.  The key of each job is made here and kept in a key ring that a passphrase seals; the appliance
gets it with the job and forgets it at the job's end.  A command follows a job over power cuts.  An answer is taken
only for the question on the screen: what was typed before is thrown away, and epoch and step of the shown question go
with it (P7).  The terminal remembers how far the appliance's history was, so a disk that was put back is found (P11).
"""
