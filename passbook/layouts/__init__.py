"""The layouts that come with the appliance, as TOML files; a program that loads them reads the files."""
