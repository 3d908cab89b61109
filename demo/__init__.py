"""The demonstration of the main job: a passbook, two power cuts, and a verdict read from the paper."""
