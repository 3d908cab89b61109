"""What the operator set: the configuration file, and everything that it names.

Theory of operation.  The file is read once into frozen values; a key that is wrong is named with its place, what was
expected and the nearest known one.  What it names is read and judged by the same code for a check and for a start.
"""
