"""The doors through which terminals and operators come in.

Theory of operation.  A door tells who speaks and turns bytes into commands and back; it decides nothing.  Strangers
are bounded before their certificate is judged, a terminal is read no faster than it may send, and one that does not
read is closed and never waited for.  So no peer can hold up another (P14).
"""
