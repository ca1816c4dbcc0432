"""Scores and grades leads by the published model. The only writer of Lead.score, grade, score_ledger and version."""

from scoring.engine.plan import Plan
from scoring.engine.prepared import prepared_select
from scoring.engine.write import Regraded, regrade

__all__ = ["Plan", "Regraded", "prepared_select", "regrade"]
