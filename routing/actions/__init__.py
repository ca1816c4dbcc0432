from routing.actions.door import Settled, changing
from routing.actions.handover import accept, reject, return_lead
from routing.actions.outcome import Recorded, record_outcome
from routing.actions.policy import activate_policy, reroute
from routing.actions.regrading import RunCancelled, regrade_everybody
from routing.actions.route import Routed, route
from routing.actions.settling import (
    regrade_chunk,
    request_nightly_regrade,
    settle_dirty,
    settle_marked,
)
from routing.actions.sharing import Assigned, assign, share_out_pools

__all__ = [
    "Assigned",
    "Recorded",
    "Routed",
    "RunCancelled",
    "Settled",
    "accept",
    "activate_policy",
    "assign",
    "changing",
    "record_outcome",
    "regrade_chunk",
    "regrade_everybody",
    "reject",
    "request_nightly_regrade",
    "reroute",
    "return_lead",
    "route",
    "settle_dirty",
    "settle_marked",
    "share_out_pools",
]
