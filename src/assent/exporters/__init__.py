"""Where entries are told of as they come: other systems' collectors, each in its own form."""
