"""Transport and mapping to other systems: one folder per system, with the same file names."""
