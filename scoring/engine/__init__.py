"""Scores and grades leads by the published model. The only writer of Lead.score, grade, score_ledger and version."""

from scoring.engine.compiled import Span, compiled
from scoring.engine.write import Regraded, regrade

__all__ = ["Regraded", "Span", "compiled", "regrade"]
