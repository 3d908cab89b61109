"""Fuzz targets: one file for each codec, with a function `check(data)` that fails when its sentence is not true."""
