"""Pieces of the suite `audit`: appends, tiles, proofs and what others make of the same."""
