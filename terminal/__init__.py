"""The side of the teller: client library and the `teller` command."""
