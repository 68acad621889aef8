"""What is usual for whom, and how risky an action is: a sum of points that anybody can check."""

from assent.risk.assess import assess, level_of
from assent.risk.explain import Alternative, explain, nearest
from assent.risk.model import MODEL, Model

__all__ = ["MODEL", "Alternative", "Model", "assess", "explain", "level_of", "nearest"]
