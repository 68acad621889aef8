"""What a target's database holds: its names, as the server would find them."""
