"""What crosses the border, and in which form: the contracts, their versions, and how they are published."""
