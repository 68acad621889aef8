"""The log's mathematics: leaf, tree, note, checkpoint, tiles, and the proof of an export. Pure."""
