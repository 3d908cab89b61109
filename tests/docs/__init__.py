"""The pages of docs/ that are made from the code, and the test that compares them: `make docs`."""
