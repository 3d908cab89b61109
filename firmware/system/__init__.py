"""What keeps the process alive and honest: joining areas, upkeep, systemd, an orderly end.

Theory of operation. An appliance runs for years without a person beside it, and most of its failures come from
outside: a disk that is missing at a boot, power that goes, a part that stands still. Each module here looks at one of
them, again and again, and none decides about a job. `joining` opens an area once it can be used. `upkeep` has areas
note each other's heads, and takes old ends away. `watchdog` feeds systemd only while the event loop, the
writers and the desks get on. `hardening` takes from the process what it does not need. `orderly_end` notes a shutdown
that finished.

The invariant: a failure shows in the status or ends the process, and nothing is acknowledged meanwhile that is not
durable. For example a writer that hangs in a broken disk lets the watchdog starve. systemd then ends the process, and
the next boot asks about every job that was in doubt.
"""
