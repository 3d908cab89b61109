"""Speaking the protocol: one connection, its commands, and what comes unasked.

Theory of operation.  A client sends one command at a time and waits for its answer, while events of the appliance are
gathered for whoever follows a job.  An appliance that lost its power is back within minutes, so a deed can go over as
many connections as it takes; it is repeated only where the same request is the same job (P10).  Errors of the other
side come back as the errors of the catalogue.  Neither a store nor a printer is known here.
"""
