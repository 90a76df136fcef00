"""The own pages of sales: desk, request, quote builder, approval. Buttons call actions."""
