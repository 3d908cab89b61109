"""Tests of passbook."""
