"""Measures what people ask about; the method is in README.md. Run `make bench [ONLY=suite]`."""
