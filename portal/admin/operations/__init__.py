"""The operator's pages: cases, deliveries and flows."""
