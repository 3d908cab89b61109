"""The layouts that come with the appliance, as TOML files; a program that loads them reads the files.

Theory of operation. A layout has the places on one kind of book or sheet: the size of the page, the fold, the lines
and the columns. It is data, so a branch with another book writes another file, and no code changes. This package
reads nothing, because rules do no I/O; it only gives the files a place. A layout that could put a line on the fold or
beside the paper is refused when it is read, before a job can name it. For example `savings-24` is a savings book of
24 lines a page.
"""
