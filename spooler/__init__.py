"""What an appliance and a teller's agent have in common: changing jobs, and the desk that prints them.

Theory of operation.  Every change of a job goes through one place (`jobs`), which stores it, drops the data key with
the job's end, and gives the news of it to the event loop.  A desk is one thread for one destination.  It takes the
next valid record, asks the step machine for one act after the other, and runs it on its destination: a step is
journaled as sent before it may be done, and as confirmed after the destination's own answer (P3).  A printer is a
destination; it prompts people for one book at a time.  Figures are read only between jobs (P9).  Each part that must
go on is supervised: its end ends the process (P14).

Clock, logs and supervision are here and not in the appliance, since the agent needs the same ones.  A door, a file of
configuration and a certificate are unknown here.
"""
