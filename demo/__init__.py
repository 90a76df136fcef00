"""The demo company: how to start it, its ERP, its PIM file drop. Nothing in the product imports this."""
