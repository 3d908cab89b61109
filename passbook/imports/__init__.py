"""The import profiles that come with the appliance, as TOML files; a program that loads them reads the files.

Theory of operation. An import profile says how the CSV files of one program are written: encoding, delimiter, names
of columns, dates, amounts. It is data, so a branch with another core system writes another file. This package reads
nothing, because rules do no I/O; it only gives the files a place.

The invariant: every column of a file is named by its profile, and no cell has two readings. The failure to withstand
is an export that changed: a swapped column or another order of day and month is refused, not printed into a book.
"""
