"""What may be asked of the appliance, and what comes back.

Theory of operation.  One catalogue names every operation (`operations`): its payload, its reply, the roles that may
use it, and the codes with which it may be refused.  A door proves an actor and hands its command to the service
(`service`).  The service refuses an unknown command or field by its name, and a role that is not listed; so whatever
is not permitted is refused, also at a door that is added later (P12).  Acceptance turns a request into a durable
record, or into a refusal that changed nothing (P1).  Work that takes long goes to a thread.

    call = Call(actor, connection)                  # who asks, as the door proved it
    await service.perform(call, command)            # the reply, or PassbookError and nothing changed

The documentation is made from the same catalogue: the tables of docs/protocol.md and its JSON Schema.
"""
