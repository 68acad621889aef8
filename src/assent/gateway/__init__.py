"""The data plane: where enforcement meets sockets."""
