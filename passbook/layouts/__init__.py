"""The layouts that come with the appliance, as TOML files; a program that loads them reads the files.

Theory of operation. A layout has the places on one kind of book or sheet: the size of the page, the fold, the lines,
the columns and what stands beside the entries; and the style of amounts and days. It is data, so a branch with another
book writes another file, and no code changes. This package reads nothing, because rules do no I/O; it only gives the
files a place. A layout that could put a line on the fold or beside the paper is refused when it is read, before a job
can name it. For example `savings-24` is a savings book of 24 lines a page.

The invariant: a job is bound to the layout by which it was accepted. Its plan has absolute places and is pinned, so an
operator who changes a file here moves no line of a job that waits. The failure to withstand is a line in the wrong
place after a power cut, which no later correction takes off the paper.
"""
