"""The identities that the branch vouches for: certificates, the authority, TLS.

Theory of operation.  Each terminal has a key of its own and a certificate of the branch's authority; its name and role
are in it (P12).  OpenSSL judges the signature. This room judges time and revocation by the appliance's own clock, since
the system's clock may be years off after a power cut (N4).

The invariant: name and role come from a certificate or from the kernel, and never from a message. A revoked terminal is
refused at its next connection, and an open one is closed. A certificate that is not valid yet is no reason to refuse:
only our authority can have made it, and the clock may be the one that is wrong. At the operators' socket the kernel
names user and groups of the caller (`callers`).

For example the appliance boots with a clock of 1970. The certificates of all terminals are judged by a time that surely
was: the newest date under a trusted clock, or the day when this version was made.
"""
