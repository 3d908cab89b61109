"""The renderer: a program of its own that draws the pages of one PDF, or texts, as dots; nothing else imports it.

Theory of operation.  A library that reads PDF is large, and documents are of strangers.  So each document is drawn by
two processes of its own that end with it.  The *guard* reads the request from its standard input, which is a socket,
and does not look into the document.  It forks the *drawer*, which limits itself (processor time, memory, no files)
before it loads the library.  The guard passes the drawer's answer on if it came whole and in time; else it kills the
drawer and answers which limit was met.  The appliance judges the answer once more
(passbook/document/rendered_pages.py).

Texts are drawn likewise, with a font that the operator names: a font is a program too, and the library that joins the
letters of a script is large.  The font comes with the request, so that the drawer needs no file.

The invariant: whatever the document says, the caller gets one answer within WALL_SECONDS and a little.  Of the document
nothing is in an argument, the environment, a file or a log (P5).

In a branch systemd starts the program for each connection, without network and in its own fences
(deploy/passbook-renderer@.service).  Where systemd does not, the caller starts the same program with a socket pair
(spooler/page_renderer.py).  For example a PDF with a picture of 60000 x 60000 dots: the drawer cannot allocate it and
is gone, and the caller hears that memory was the limit.
"""
