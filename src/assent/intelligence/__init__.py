"""What is known of networks, from files that the operator supplies: databases and lists."""
