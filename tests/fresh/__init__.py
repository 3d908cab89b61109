"""The project tried on bare Debian systems, as on the machine of a person who has only just cloned it."""
