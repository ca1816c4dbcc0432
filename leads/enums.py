from django.db import models


class Stage(models.TextChoices):
    """The six lifecycle stages, in order (docs/architecture.md, words)."""

    NAME = "name", "Name"
    SUSPECT = "suspect", "Suspect"
    LEAD = "lead", "Lead"
    QUALIFIED = "qualified", "Qualified lead"
    PROSPECT = "prospect", "Prospect"
    CUSTOMER = "customer", "Customer"

    @property
    def rank(self):
        """Position in the lifecycle, from 1 (name) to 6 (customer)."""
        return list(type(self)).index(self) + 1


class Disposition(models.TextChoices):
    OPEN = "open", "Open"
    RECYCLED = "recycled", "Recycled"
    DISQUALIFIED = "disqualified", "Disqualified"
    LOST = "lost", "Lost"


class Side(models.TextChoices):
    MARKETING = "marketing", "Marketing"
    SALES = "sales", "Sales"


class Grade(models.TextChoices):
    A = "A", "A"
    B = "B", "B"
    C = "C", "C"
    D = "D", "D"


class ChangeKind(models.TextChoices):
    """What a row of leads.ChangeRow tells of. Grades and scores are history and stay; the others are news."""

    GRADE = "grade", "Grade"
    SCORE = "score", "Score"
    STAGE = "stage", "Stage"
    DISPOSITION = "disposition", "Disposition"
    SIDE = "side", "Side"
    OWNER = "owner", "Owner"
    CREATED = "created", "New"
    TOUCHED = "touched", "Touched"
    GONE = "gone", "Gone"


class SourceKind(models.TextChoices):
    TRADE_SHOW = "trade_show", "Trade show"
    HOME_SHOW = "home_show", "Home show"
    WEBSITE = "website", "Website"
    LANDING_PAGE = "landing_page", "Landing page"
    PURL = "purl", "PURL"
    DIRECT_MAIL = "direct_mail", "Direct mail list"
    PURCHASED_LIST = "purchased_list", "Purchased list"
    OWN_DATABASE = "own_database", "Own database"
    DATA_MINING = "data_mining", "Data mining"
    SEARCH = "search", "Search marketing"
    ADVERTISING = "advertising", "Advertising"
    REFERRAL = "referral", "Referral"
    EVENT = "event", "Event"
    PARTNER = "partner", "Partner"
    OTHER = "other", "Other"


class Outcome(models.TextChoices):
    """How a contact went, in the order of the number keys of work mode."""

    NO_ANSWER = "no_answer", "No answer"
    LEFT_MESSAGE = "left_message", "Left a message"
    TALKED = "talked", "Talked"
    MEETING_BOOKED = "meeting_booked", "Meeting booked"
    DEMO_BOOKED = "demo_booked", "Demo booked"
    INFORMATION_SENT = "information_sent", "Information sent"
    NOT_NOW = "not_now", "Not now"
    NOT_INTERESTED = "not_interested", "Not interested"
    WRONG_NUMBER = "wrong_number", "Wrong number"


class FieldType(models.TextChoices):
    TEXT = "text", "Text"
    INTEGER = "integer", "Whole number"
    NUMBER = "number", "Number"
    BOOLEAN = "boolean", "Yes or no"
    DATE = "date", "Date"
    DATETIME = "datetime", "Date and time"
    CHOICE = "choice", "One of a list"
    CHOICES = "choices", "Several of a list"


class Dimension(models.TextChoices):
    """What a rating question asks about; a field with none is an ordinary field."""

    BUDGET = "budget", "Budget"
    TIMEFRAME = "timeframe", "Timeframe"
    DECISION_MAKER = "decision_maker", "Decision-maker"
    MONEY = "money", "Money"
    AUTHORITY = "authority", "Authority"
    NEED = "need", "Need"
    CUSTOM = "custom", "Other rating question"


class TaskKind(models.TextChoices):
    CALL = "call", "Call"
    EMAIL = "email", "Write an e-mail"
    MEETING = "meeting", "Meeting"
    DEMO = "demo", "Demo"
    TODO = "todo", "To do"
