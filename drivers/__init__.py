"""What can be asked of a printer, and how: ports, dialects as data, the document session."""
