"""The machine's own clock and luck, behind the ports that everything else takes them through."""
