"""A simulated mechanism: it speaks a dialect, keeps its paper in a file, and can lose power."""
