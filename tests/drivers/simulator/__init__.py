"""Tests of the simulated mechanism."""
