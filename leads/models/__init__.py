from leads.models.activity import Activity, Task
from leads.models.company import Campaign, Company, Source
from leads.models.fields import Answer, AnswerLabel, FieldDefinition
from leads.models.lead import DirtyLead, Lead, LeadSearch, PeopleEntered
from leads.models.lifecycle import StageDefinition, Transition

__all__ = [
    "Activity",
    "Answer",
    "AnswerLabel",
    "Campaign",
    "Company",
    "DirtyLead",
    "FieldDefinition",
    "Lead",
    "LeadSearch",
    "PeopleEntered",
    "Source",
    "StageDefinition",
    "Task",
    "Transition",
]
