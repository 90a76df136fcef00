"""Every read of accounts, split by noun; import the modules by their full path."""
