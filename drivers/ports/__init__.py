"""Ports: bytes to and from a printer over the network, a serial line or USB, never without a time-out.

Theory of operation.  A port is a stream of bytes and knows nothing of printers.  A write goes out in small pieces and
ends in PortError when the other side takes none in time, so a printer that holds us off stops a job and not a thread.
A read waits until bytes come, its time is over, or another thread closes the port.  For example a printer that is
pulled out while a line is written ends the write and the reader's read, both as `unplugged`, with the system's cause.

The invariant: no call waits for ever, and each byte is handed over once. Each failure is one of two troubles: the other
side takes no bytes, or there is no other side. An open port has none of the bytes of an earlier session that had come.
A device is opened for one program alone (TIOCEXCL, a lock, the claim of USB), so a second program of this machine is
refused. A port on the network proves no such thing. `place` tells when two addresses reach one port, so that two owners
of one printer are seen before either prints (P15).
"""
