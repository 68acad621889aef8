"""The demo: a small world with a real PostgreSQL, and the story that is played in it."""
