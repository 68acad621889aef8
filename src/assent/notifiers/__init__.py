"""The channels by which people hear of things. They carry links, never authority."""
