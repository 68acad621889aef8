"""The PostgreSQL protocol (3.0) and the reading of its statements."""
