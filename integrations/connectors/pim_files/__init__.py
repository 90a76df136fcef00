"""A PIM that delivers files: a manifest, written last, and what it names."""
