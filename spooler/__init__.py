"""What an appliance and a teller's agent have in common: changing jobs, and the desk that prints them.

Theory of operation.  Every change of a job goes through one place (`jobs`), which stores it, drops the data key with
the job's end, and gives the news of it to the event loop.  A desk is one thread for one destination.  It takes the
next valid record, asks the step machine for one act after the other, and does it: a step is journaled as sent before
its bytes leave, and as confirmed after the printer's answer (P3).  People at the mechanism are prompted for one book
at a time, and figures are read only between jobs (P9).  What must go on is supervised: its end ends the process
(P14).

Clock, logs and supervision are here and not in the appliance, since the agent needs the same ones.  A door, a file of
configuration and a certificate are unknown here.
"""
