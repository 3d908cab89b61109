"""Tests of the measurements: that figures exist and are sane; none judges by time."""
