"""The kinds that belong to the record itself. Scoring, routing and capture declare theirs in their own rooms."""

from leads.activities import words
from leads.activities.kind import Chip, Kind, Trait
from leads.activities.reasons import Because, register_reason
from leads.activities.registry import register

VISIT = register(
    Kind(
        "visit",
        "Visit",
        one="visit",
        many="visits",
        icon="world",
        chip=Chip.MARKETING,
        traits=(Trait.SIGNAL, Trait.TOUCH),
    )
)
FORM = register(
    Kind(
        "form",
        "Form",
        one="form",
        many="forms",
        icon="file-text",
        chip=Chip.MARKETING,
        traits=(Trait.SIGNAL, Trait.ASKING, Trait.TOUCH),
    )
)
EMAIL_SENT = register(
    Kind(
        "email_sent",
        "E-mail sent",
        one="e-mail sent",
        many="e-mails sent",
        icon="mail",
        chip=Chip.MARKETING,
    )
)
EMAIL_OPENED = register(
    Kind(
        "email_opened",
        "E-mail opened",
        one="e-mail opened",
        many="e-mails opened",
        icon="mail-opened",
        chip=Chip.MARKETING,
        traits=(Trait.TOUCH,),
    )
)
EMAIL_CLICKED = register(
    Kind(
        "email_clicked",
        "E-mail clicked",
        one="e-mail clicked",
        many="e-mails clicked",
        icon="pointer",
        chip=Chip.MARKETING,
        traits=(Trait.SIGNAL, Trait.TOUCH),
    )
)
EMAIL_BOUNCED = register(
    Kind(
        "email_bounced",
        "E-mail bounced",
        one="e-mail bounced",
        many="e-mails bounced",
        icon="mail-x",
        chip=Chip.MARKETING,
    )
)
EMAIL_REPLIED = register(
    Kind(
        "email_replied",
        "E-mail replied",
        one="e-mail reply",
        many="e-mail replies",
        icon="arrow-back-up",
        chip=Chip.CONTACT,
        traits=(Trait.SIGNAL, Trait.ASKING, Trait.TOUCH),
    )
)
UNSUBSCRIBED = register(
    Kind(
        "unsubscribed",
        "Unsubscribed",
        one="unsubscription",
        many="unsubscriptions",
        icon="mail-off",
        chip=Chip.MARKETING,
    )
)
SUBSCRIBED = register(
    Kind(
        "subscribed",
        "Subscribed",
        one="subscription",
        many="subscriptions",
        icon="mail-plus",
        chip=Chip.MARKETING,
        traits=(Trait.SIGNAL, Trait.TOUCH),
    )
)
CALL = register(
    Kind(
        "call",
        "Call",
        one="call",
        many="calls",
        icon="phone",
        chip=Chip.CONTACT,
        traits=(Trait.CONTACT, Trait.SIGNAL, Trait.TOUCH),
        says=words.contact,
        composer="Call",
    )
)
EMAIL = register(
    Kind(
        "email",
        "E-mail written",
        one="e-mail written",
        many="e-mails written",
        icon="mail-forward",
        chip=Chip.CONTACT,
        traits=(Trait.CONTACT, Trait.TOUCH),
        says=words.contact,
        composer="Mail",
    )
)
MEETING = register(
    Kind(
        "meeting",
        "Meeting",
        one="meeting",
        many="meetings",
        icon="calendar",
        chip=Chip.CONTACT,
        traits=(Trait.CONTACT, Trait.SIGNAL, Trait.TOUCH),
        says=words.contact,
        composer="Meeting",
    )
)
DEMO = register(
    Kind(
        "demo",
        "Demo",
        one="demo",
        many="demos",
        icon="presentation",
        chip=Chip.CONTACT,
        traits=(Trait.CONTACT, Trait.SIGNAL, Trait.TOUCH),
        says=words.contact,
        composer="Demo",
    )
)
NOTE = register(
    Kind(
        "note",
        "Note",
        one="note",
        many="notes",
        icon="note",
        chip=Chip.CONTACT,
        composer="Note",
    )
)
EVENT_ATTENDED = register(
    Kind(
        "event_attended",
        "Event attended",
        one="event attended",
        many="events attended",
        icon="ticket",
        chip=Chip.MARKETING,
        traits=(Trait.SIGNAL, Trait.TOUCH),
    )
)
CARD_POSTED = register(
    Kind(
        "card_posted",
        "Card posted",
        one="card posted",
        many="cards posted",
        icon="mailbox",
        chip=Chip.MARKETING,
        traits=(Trait.TOUCH,),
    )
)
STAGE_CHANGED = register(
    Kind(
        "stage_changed",
        "Stage change",
        one="stage change",
        many="stage changes",
        icon="stairs-up",
        chip=Chip.CHANGES,
        traits=(Trait.AUTOMATIC,),
        says=words.stage_change,
    )
)
FIELD_CHANGED = register(
    Kind(
        "field_changed",
        "Change",
        one="change",
        many="changes",
        icon="pencil",
        chip=Chip.CHANGES,
        says=words.field_change,
    )
)
TASK_DONE = register(
    Kind(
        "task_done",
        "Task done",
        one="task done",
        many="tasks done",
        icon="list-check",
        chip=Chip.CONTACT,
    )
)

# Whoever enters somebody by hand has met her, at a show perhaps. Where sales has given her back she goes to a rep, who
# reads what was entered; whom sales has anyway is her owner's to look at (leads.actions.record.note_entered_again).
ENTERED_AGAIN = register(
    Kind(
        "entered_again",
        "Entered again",
        one="time entered again",
        many="times entered again",
        icon="user-plus",
        chip=Chip.CONTACT,
        traits=(Trait.SIGNAL, Trait.ASKING, Trait.TOUCH),
        says=words.entered_again,
    )
)

ENTERED = Because("entered")
register_reason(ENTERED.code, "Entered by hand")
