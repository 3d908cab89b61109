"""Tests of deploy/: what an installed system is told about the appliance."""
