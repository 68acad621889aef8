"""How this machine is kept, read from what its system says: for `assent device report`."""
