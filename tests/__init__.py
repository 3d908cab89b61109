"""Tests of whole project."""
