"""Who else keeps what the log was: witnesses that cosign, and places that hold checkpoints."""
