"""Tests of the agent: real processes where they are cheap, and the parts in process otherwise."""
