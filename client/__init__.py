"""Speaking the protocol: one connection, its commands, and what comes unasked.

Theory of operation.  A client sends a command and waits for its completion; meanwhile it keeps the appliance's events
for a caller that follows a job.  The way to the appliance is a transport: mutual TLS for a terminal, a Unix socket
for an operator, and for a terminal with an agent the agent's socket.  An appliance that lost its power is back within
minutes, so one task can take several connections; a request is repeated only because the same request is the same job
(P10).  Errors of the appliance are raised as the errors of the catalogue.  A client knows neither a store nor a
printer.

    async with TerminalClient(address, context) as client:      # a terminal
        await client.submit(job)
    ask(Path("/run/passbook/control.sock"), "Common.Status", Nothing())     # an operator
"""
