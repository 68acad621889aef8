"""What targets of each protocol say beside what all targets say, and the doors to them."""
