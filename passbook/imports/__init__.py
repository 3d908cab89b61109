"""The import profiles that come with the appliance, as TOML files; a program that loads them reads the files.

Theory of operation. An import profile says how the CSV files of one program are written: encoding, delimiter, names
of columns, dates, amounts. It is data, so a branch with another core system writes another file, and no code changes.
This package reads nothing, because rules do no I/O; it only gives the files a place. A person names a profile, or the
document does, or its layout. For example `german-excel` reads 05.01.2026 and 1.234,50.

The invariant: every column of a file is named by its profile, and no cell has two readings. The failure to withstand
is an export that changed: a swapped column or another order of day and month is refused, not printed into a book.

    05.01.2026;Gehalt;;2500,00;3100,00      by german-excel an entry of 2026-01-05
"""
