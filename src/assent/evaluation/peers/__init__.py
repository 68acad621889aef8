"""Peers: what others publish or sell, on the same rows in the same run. One file each."""
