"""The identities that the branch vouches for: certificates, the authority, TLS.

Theory of operation.  Each terminal has a key of its own and a certificate of the branch's authority; its name and role
are in it (P12).  OpenSSL judges the signature. This room judges time and revocation by the appliance's own clock, since
the system's clock may be years off after a power cut (N4).
"""
