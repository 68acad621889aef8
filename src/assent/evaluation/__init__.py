"""Evaluation: how good the risk engine is on somebody's data, beside what others do."""
