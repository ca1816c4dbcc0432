from leads.models.activity import Activity, Task
from leads.models.among import Among
from leads.models.changes import ChangeClock, ChangeRow, FollowerCursor
from leads.models.company import Campaign, Company, Source
from leads.models.external_id import ExternalId
from leads.models.fields import Answer, AnswerLabel, FieldDefinition
from leads.models.lead import DirtyLead, Lead, LeadSearch, OtherKey, PeopleEntered
from leads.models.lifecycle import StageDefinition, Transition

__all__ = [
    "Activity",
    "Among",
    "Answer",
    "AnswerLabel",
    "Campaign",
    "ChangeClock",
    "ChangeRow",
    "Company",
    "DirtyLead",
    "ExternalId",
    "FieldDefinition",
    "FollowerCursor",
    "Lead",
    "LeadSearch",
    "OtherKey",
    "PeopleEntered",
    "Source",
    "StageDefinition",
    "Task",
    "Transition",
]
