"""Where events go: one module per destination, with the same two functions."""
