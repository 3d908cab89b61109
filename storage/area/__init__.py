"""One area: its folder, its lock, its files, its writer.

Theory of operation.  An area is used by one process, which holds its lock.  It is opened only when its files are what
this appliance wrote and when it is not behind what others know of it; else it is left out, and the status says why.
One thread writes: it gathers the changes of a moment, applies them, checks that the files are still at their paths,
and commits with one sync (P1).  An area that fails is fenced: nothing is acknowledged there any more, and the other
areas go on.  How much can be written is worked out before a job is admitted, so a full area can still end its jobs.

The attacker has the disk in hand and writes another file, or an older one, in place of ours. The failures are a full
disk, one that reports an error on a sync, and one that hangs. For example a sync fails: the kernel may have thrown the
pages away and would report success the next time. So nothing is tried again; the area is fenced, the outcome of that
commit is `unknown`, and the next boot reads from the disk what is there.
"""
