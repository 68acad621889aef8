"""The proof of a log, for somebody who trusts neither its operator nor the program that wrote it.

Nothing here is imported from Assent: what is checked and what checks it share no code.
"""
