"""Measurements; docs/performance.md has their last results."""
