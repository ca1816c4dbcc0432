"""The demo that `manage.py seed_demo` writes: Brightfield Energy, which sells solar roofs to companies, and its leads.

Everybody in it is invented. E-mail addresses end in .example (RFC 2606); phone numbers are kept free for fiction
(demo.phones).
"""

PASSWORD = "leadfunnel-demo"

# E-mail and role of the sign-ins that bin/run prints.
SHOWN_PEOPLE = {
    "rita.rep@leadfunnel.example": "sales rep",
    "max.manager@leadfunnel.example": "sales manager",
    "mona.marketer@leadfunnel.example": "marketer",
    "ada.admin@leadfunnel.example": "admin",
}
