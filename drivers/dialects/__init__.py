"""Printer families: each is a package with its commands, its answers and its geometry."""
