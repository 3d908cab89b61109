"""Ports: bytes to and from a printer over TCP or a serial line, never without a time-out.

Theory of operation.  A port is a stream of bytes and knows nothing of printers.  A write goes out in small pieces and
ends in PortError when the other side takes none in time, so a printer that holds us off stops a job and not a thread.
A read waits until bytes come, its time is over, or another thread closes the port.  For example a printer that is
pulled out while a line is written ends the write and the reader's read, both as `unplugged`, with the system's cause.
"""
