"""What may be asked of the appliance, and what comes back.

Theory of operation.  A command has a handler that takes a checked payload and who asked (P12).  Acceptance turns a
request into a durable record, or into a refusal that changed nothing (P1).  Work that takes long goes to a thread.
"""
