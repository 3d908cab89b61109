"""The words and the pure rules: no I/O, no clock, no threads, no randomness."""
