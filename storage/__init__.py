"""What survives a power cut: areas, spool, history, encryption envelope."""
