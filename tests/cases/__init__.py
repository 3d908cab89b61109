"""Documents as banks' people, spreadsheets, core systems and DOS programs write them, and what becomes of each."""
