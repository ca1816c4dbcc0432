"""What people did, wrote and said, as short texts."""

SITE = "https://brightfield.example"

# Path and title of the pages people visit, and how often.
PAGES = (
    ("/", "Start page", 8),
    ("/solar-roofs", "Solar roofs for companies", 7),
    ("/batteries", "Batteries", 4),
    ("/charging", "Charging points", 3),
    ("/pricing", "Prices and leasing", 4),
    ("/case-studies/bakery", "Case study: a bakery saves a third", 3),
    ("/calculator", "Roof calculator", 4),
    ("/blog/grants", "Which grants there are this year", 3),
    ("/about", "About Brightfield", 1),
)
CASUAL_PAGES = tuple(page for page in PAGES if page[0] != "/pricing")

NEWSLETTERS = (
    "What a kilowatt hour costs this quarter",
    "Five roofs that paid for themselves",
    "Grants end in December: who should hurry",
    "Batteries: when they pay and when they do not",
    "How a cold store halved its bill",
    "Charging the fleet from the roof",
)
EVENTS = ("Online hour: is my roof fit for it?", "Site visit at the bakery", "Online hour: grants and taxes")
FORMS = (
    ("Ask for an offer", "Please send an offer for our main hall."),
    ("Ask for an offer", "We have two flat roofs and want to know what is possible."),
    ("Ask for an offer", "Our contract ends next year, so we are comparing."),
    ("Call me back", "Best in the mornings."),
    ("Call me back", "It is about batteries for the cold store."),
    ("Roof calculator", "The calculator said 180 kW. Is that realistic?"),
    ("Roof calculator", "Roof of 2,400 m2, faces south-west."),
    ("White paper", ""),
)
REPLIES = (
    "Thanks, could you send the case study of the bakery?",
    "Sounds good. Please call me on Thursday.",
    "Who would be our contact for the grant?",
)
# Outcome and note of calls that did not lead anywhere yet, and of those that did.
FIRST_CALLS = (
    ("no_answer", ""),
    ("left_message", "Left word with the switchboard."),
    ("no_answer", "Rings out."),
    ("left_message", "Asked to call back."),
    ("talked", "Short talk, in a meeting. Call again."),
)
GOOD_CALLS = (
    ("talked", "Roof was redone two years ago. Wants figures for leasing."),
    ("talked", "Bill is 90,000 a year. The board decides next month."),
    ("talked", "Has an offer from somebody else, misses the battery in it."),
    ("information_sent", "Sent the leasing table and the case study."),
    ("meeting_booked", "Site visit with the plant manager."),
    ("demo_booked", "Shows the monitoring to her colleagues."),
    ("talked", "Landlord agrees. Needs the structural check."),
)
BAD_CALLS = (
    ("talked", "No plans after all."),
    ("talked", "The building is rented and the owner refuses."),
    ("no_answer", "Third try."),
    ("wrong_number", "Number belongs to another department."),
)
MEETINGS = (
    "Walked over the roof. Two skylights to plan around, else clear.",
    "Met the plant manager and finance. They like leasing.",
    "Went through the load profile. 240 kW fits.",
)
DEMOS = ("Showed the monitoring and the alarm when a string fails.", "Online demo with three people.")
NOTES = (
    "Knows the owner of the bakery from our case study.",
    "Prefers e-mail, travels a lot.",
    "Asks for references in the same industry.",
    "Roof belongs to a sister company.",
    "Bought a heat pump last year.",
)
NEXT_STEPS = (
    ("call", "Call about the structural check"),
    ("call", "Follow up on the talk"),
    ("call", "Try again"),
    ("email", "Send the leasing table"),
    ("meeting", "Site visit"),
    ("demo", "Demo of the monitoring"),
    ("todo", "Prepare the offer"),
)
LOST_REASONS = (
    "Chose another supplier",
    "Project cancelled by the board",
    "Price",
    "Roof does not carry the load",
    "Budget went to something else",
)
RETURN_REASONS = (
    "Holds another rep's account",
    "On site for two weeks, no time for new leads",
    "Speaks French only, please give to a colleague who does",
)
