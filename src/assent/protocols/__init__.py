"""Bytes or messages to Actions and back, without IO: one folder a protocol."""
