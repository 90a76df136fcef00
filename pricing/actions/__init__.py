"""Every write of pricing: feeds of lists and prices, undoing an import, policies."""
