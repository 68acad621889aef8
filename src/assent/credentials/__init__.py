"""How a session reaches its target, and how secrets that configuration refers to are read."""
