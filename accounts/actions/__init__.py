"""Every write of accounts, by whose business it is."""
