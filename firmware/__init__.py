"""The appliance: a process between terminals and printers.

Theory of operation.  `appliance` builds every part once, in an order that keeps the promises: primitives are tried,
areas are opened, what an earlier boot left is invalid, and only then are the doors open (P4).  `doors` tell who
speaks and translate; `service` has what may be asked; `people` has who is asked and told; `config` and `identity`
have what the operator set and whom the branch vouches for; `system` has what keeps the process alive and honest;
`ctl` is the operators' command, which the daemon never imports.
"""
