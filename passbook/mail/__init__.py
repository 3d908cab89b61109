"""Rules of printing by mail: addresses, routes, the parts of a message, the trace of appliances, and notifications.

Theory of operation.  A mail is an envelope (sender and recipients, from the SMTP conversation) and a message (headers
and parts).  The envelope alone decides where anything is printed; a header decides nothing, because any program on the
way can write one.  A route of the set-up file maps each recipient to a printer of this appliance or to a next hop.  A
part whose MIME type names a known format is one job at each printer; a part of an unknown type refuses the whole mail
before it is acknowledged, so that no sender believes in paper that never comes.

The same mail may come twice, over two routes and with other headers and another encoding.  So a request is named by
the sender who was vouched for, the Message-ID, the recipient and the number of the part, and its content is the decoded
part.  Each appliance writes itself into the trace of a message before it hands it on.  A message that names this
appliance already goes in a circle and is refused.

For example a mail to window-1@branch.example with the part `application/vnd.passbook-update+csv` is one job for the
printer window-1, and its sender gets a notification when the last line is on paper.

All of it is pure: bytes and values in, values out.  Each reader takes time in proportion to its input.
"""
