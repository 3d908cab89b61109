"""The upkeep of the appliance: areas that join, retention, systemd, an orderly end."""
