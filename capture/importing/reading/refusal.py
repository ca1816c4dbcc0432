class Unreadable(Exception):
    """A file that cannot be read as a list of people; the message tells a person why and what to do."""
