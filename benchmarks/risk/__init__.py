"""Sets of events to judge the risk engine on: a simulator, and readers of data that is not ours.

Each module writes JSON lines for `assent risk evaluate`; README.md says what each of them shows.
"""
