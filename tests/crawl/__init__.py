"""The crawler: every address as every role at every company's things, held against portal/access.py."""
