"""What everything is about: nouns, ports and plug-in shapes. Pure; imports nothing of ours."""
