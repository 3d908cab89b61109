"""Keys, seals and known answers; nothing here does I/O.

Theory of operation.  One appliance key lies on the disk of the system or in a credential, never in an area.  All
other keys are derived from it, each for one use.  A job is sealed under a data key of its own, which is wrapped under
the key of its requester and, by HPKE, under the branch's recovery key.  A disk without the appliance key says nothing
(P5), and a job whose key is not shown says nothing even to the appliance.  The primitives are those of the
`cryptography` package, and each gives published results before an area is opened.

The invariant: no key is used for two purposes, and no nonce twice under one key. The data key of a job is in memory
only until the job ends; then it is overwritten. The attacker has the disk, also many of its states, and not the
appliance key.

    seal(identity, data_key, attributes=..., plan=..., document=..., rng=...)    # bound to job, part and number

For example a chunk of yesterday's document in place of today's does not open, because its job stands in what is
authenticated with it.
"""
