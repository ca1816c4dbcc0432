"""The people of the demo; `manage.py seed_demo` makes them and their leads."""

PASSWORD = "leadfunnel-demo"

# E-mail and role of the sign-ins that bin/run prints.
SHOWN_PEOPLE = {
    "rita.rep@leadfunnel.example": "sales rep",
    "max.manager@leadfunnel.example": "sales manager",
    "mona.marketer@leadfunnel.example": "marketer",
    "ada.admin@leadfunnel.example": "admin",
}
