"""A mechanism that is not there: it speaks a dialect, keeps its paper in a file, and can lose power."""
