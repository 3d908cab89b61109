"""Words that people type and text that they read, for every command of the product.

Theory of operation.  Every command reads its words in one way, and ends with one of a few exit codes that tell the
actor. Its tables and sentences fit the width of the screen. A person types a unique beginning of an id. An error about
a wrong word says the expected form. The simulator and the daemon are commands too, so this room lies below them.
"""
