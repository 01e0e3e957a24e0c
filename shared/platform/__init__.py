"""What touches the world: one module for each neighbour."""
