"""Every read of orders, split by noun; import the modules by their full path."""
