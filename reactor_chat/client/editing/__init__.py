"""What a line being typed remembers: steps to undo, and what was sent before."""
