"""Keys, seals and known answers; nothing here does I/O.

Theory of operation.  One appliance key lies on the disk of the system or in a credential, never in an area.  All
other keys are derived from it, each for one use.  A job is sealed under a data key of its own, which is wrapped under
the key of its requester and, by HPKE, under the branch's recovery key.  A disk without the appliance key says nothing
(P5), and a job whose key is not shown says nothing even to the appliance.  The primitives are those of the
`cryptography` package, and each gives published results before an area is opened.
"""
