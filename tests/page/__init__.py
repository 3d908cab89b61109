"""Tests of the page with a real browser, appliance and simulator (`make test-page`)."""
