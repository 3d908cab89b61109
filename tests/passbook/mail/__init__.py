"""Tests of passbook.mail and of the job's rules about mail."""
