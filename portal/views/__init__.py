"""The buyer pages: query, form, action, respond."""
