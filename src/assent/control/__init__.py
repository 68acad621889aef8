"""The control plane: the spine and the use cases. IO only through ports."""
