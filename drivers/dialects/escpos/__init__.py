"""Slip printers that speak ESC/POS: the Epson TM-U950 and TM-H5000, and the Olivetti PR4.

Theory of operation.  The printer has rolls and a slip station, and prints on a roll unless the slip was selected and
loaded.  So text leaves only to a printer that just said that a slip is loaded, and it waits there in the print memory.
It is struck by a command of its own, which leaves after the printer said once more that the slip is still selected
(`slip_commands`, `escpos_dialect`).  A power dip in between loses selection and memory: nothing is struck anywhere.

Two kinds of answers are told apart by their fixed bits (`slip_answers`).  One byte answers DLE EOT: at once, before
what the printer has not read, also off line; it confirms no line.  Four bytes answer GS a, in its order among the
commands; status that nothing asked for is switched off, so no other four bytes can look like that answer.  It may come
while the line before it is still under the head.  So the profile declares two lines in doubt: the one that was sent,
and one that was confirmed (P3).

The invariant: no line is struck that was not sent anew.  DLE ENQ 1 would have the printer strike the line of an error
again, also on a slip that was just put in; recovery is DLE ENQ 2, which drops the print memory.  The wait for a slip is
ended by DLE ENQ 3, which drops it too.  A real-time command is sent only between commands: within one its bytes would
be taken for parameters.  For example the cover is opened in line 7.  No four bytes come, DLE EOT names the cover, and a
question about lines 6 and 7 is asked; the next clean-up drops line 7 and gives the slip back.

Places go from the top edge: the way to a line is the difference of two whole steps, so that no rounding adds up.  A
slip has no pages to turn and no fold; a document that has them is refused before it is accepted.
"""
