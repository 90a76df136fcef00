"""The catalogue's pages: lists, search, product, pictures."""
