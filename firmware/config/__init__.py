"""The operator's settings: the configuration file, and all files that it names.

Theory of operation.  This room reads the file once into frozen values; an error names the wrong key with its place, the
expected value and the nearest known key. The same code reads and judges the files that it names, for a check and for a
boot.
"""
