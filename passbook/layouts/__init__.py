"""The layouts that come with the appliance, as TOML files; whoever loads them reads the files."""
