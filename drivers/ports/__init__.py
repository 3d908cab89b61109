"""Ports: bytes to and from a printer over TCP or a serial line, never without a time-out."""
