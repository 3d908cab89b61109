"""The teller's agent: a door at the teller's machine, with a spool of its own beside the appliance's.

Theory of operation.  The agent holds the terminal's one connection to the appliance, the key ring, and a spool in the
teller's folder.  The commands of `teller` come to its Unix socket and go on to the appliance unread, but for a few
about what the agent has itself: its copies, their questions, and notices that it stored.  A job that the terminal
keeps is durable here before the appliance hears of it, and is sent again until it answered; the same request is the
same job there (P10).  Of the two copies one has the print right (P13): the agent offers it at the turn of the job,
takes it with a printer that is handed over, and prints by itself only what it has the right for.  While the appliance
is silent that is on a printer of its own, which no appliance configures (P15); about all other jobs people are asked.

Against a power cut: each of these is one durable change of the record, and each boot makes all records invalid (P4).
Against a copied folder: the store is bound to its machine, and holds no right on another one.

    teller print      SubmitJob -> own copy durable -> SubmitJob to the appliance -> its completion
    its turn          YourTurnEvent -> right offered, durable -> TakeTurn with the document -> the offer ends
    its end           JobEndedEvent -> stored here -> acknowledged there -> told here until a person saw it
"""
