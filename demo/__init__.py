"""The main job, shown: a passbook, two power cuts, and a verdict read from the paper."""
