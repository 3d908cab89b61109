"""The terminal in a browser: the files that a door serves."""
