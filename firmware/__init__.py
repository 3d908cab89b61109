"""The appliance: a process between terminals and printers.

Theory of operation.  `appliance` builds every part once, in an order that keeps the promises: primitives are tried,
areas are opened, what an earlier boot left is invalid, and only then are the doors open (P4).  `doors` tell who
speaks and translate; `service` has what may be asked; `people` has who is asked and told; `config` and `identity`
have what the operator set and whom the branch vouches for; `system` has what keeps the process alive and honest;
`ctl` is the operators' command, which the daemon never imports.

The invariant: a job is acknowledged only when it is durable (P1), and nothing of an earlier boot prints before a person
answered. `mailing` puts printing by mail together where the set-up file has it. A part that must go on and ends takes
the whole process with it, and the next boot asks (P14); no part is begun anew in a process that may be damaged.

    passbookd --config passbook.toml      areas opened, records invalid, doors open, questions put, desks print
"""
