"""What values look like, and what is shown in their place: pure, shared by every protocol."""
