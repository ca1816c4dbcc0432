from notices.actions.mailing import post_notice_mail, tell_again, wish_mail
from notices.actions.reading import forget_notices, mark_all_read, mark_read, mark_unread
from notices.actions.telling import tell_reps

__all__ = [
    "forget_notices",
    "mark_all_read",
    "mark_read",
    "mark_unread",
    "post_notice_mail",
    "tell_again",
    "tell_reps",
    "wish_mail",
]
