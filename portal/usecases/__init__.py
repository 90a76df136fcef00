"""A live answer from outside, then an action: what pages and API do alike."""
