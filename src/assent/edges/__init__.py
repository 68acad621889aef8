"""Each edge, built from its section of the configuration; `app` hands them to each other."""
