"""Signals in, one score out: a sum of points that anybody can check."""

from assent.risk.assess import assess
from assent.risk.explain import counterfactual, explain
from assent.risk.model import MODEL, Model

__all__ = ["MODEL", "Model", "assess", "counterfactual", "explain"]
