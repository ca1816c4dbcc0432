from leads.changes.following import Follower, register
from leads.enums import ChangeKind
from notices.actions.telling import tell_reps

NOTICES = Follower(
    "notices", "Notices to reps", frozenset({ChangeKind.GRADE, ChangeKind.OWNER, ChangeKind.GONE}), tell_reps
)

register(NOTICES)
