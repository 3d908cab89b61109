"""Patches that break a promise on purpose, and the named tests that must fail then: `make mutants`."""
