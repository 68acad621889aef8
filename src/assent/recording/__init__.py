"""What a session looked like: frames to lines, lines to sealed segments, and back. Pure."""
