"""Scores and grades leads by the published model. The only writer of Lead.score, grade, score_ledger and version."""

from scoring.engine.plan import Plan, Span
from scoring.engine.prepared import prepared_select
from scoring.engine.write import Regraded, regrade

__all__ = ["Plan", "Regraded", "Span", "prepared_select", "regrade"]
