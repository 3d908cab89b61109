"""What keeps the appliance alive and honest: areas that join, upkeep, systemd, an orderly end."""
