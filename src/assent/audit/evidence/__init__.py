"""Evidence packs: what the log says over a period, as tables that an auditor reads. Pure."""
