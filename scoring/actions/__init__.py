from scoring.actions.dirty import claim_dirty, fail_dirty
from scoring.actions.runs import (
    cancel_regrade,
    claim_regrade_chunk,
    fail_chunk,
    finish_chunk,
    finish_runs,
    regrade_where_days_count,
    request_regrade,
)
from scoring.actions.versions import copy_model, dump_model, load_model, publish_model, roll_back, start_draft

__all__ = [
    "cancel_regrade",
    "claim_dirty",
    "claim_regrade_chunk",
    "copy_model",
    "dump_model",
    "fail_chunk",
    "fail_dirty",
    "finish_chunk",
    "finish_runs",
    "load_model",
    "publish_model",
    "regrade_where_days_count",
    "request_regrade",
    "roll_back",
    "start_draft",
]
