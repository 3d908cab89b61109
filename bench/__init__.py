"""Measurements; what they said last stands in docs/performance.md."""
