"""Dialects as data: one TOML file for each."""
