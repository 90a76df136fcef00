"""The families of parts: each module yields its `Part`s from the dimension tables."""
