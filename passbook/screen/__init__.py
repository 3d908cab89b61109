"""Words that people type and text that they read, for every command of the product.

Theory of operation.  A command is read in one way, ends with one of a few exit codes that say who must act, and shows
tables and sentences that fit the width of the screen.  Ids are typed by a unique beginning.  An input that does not
fit is named with what was expected.  The simulator and the daemon are commands too, so this lies below them.
"""
