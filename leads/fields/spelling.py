"""Finding a value by how it is spelled in a file or a form. No queries."""

from leads.rules import composed


class AmbiguousSpelling(ValueError):
    """Several are spelled like this; `values` are those."""

    def __init__(self, text, values):
        self.values = values
        super().__init__(f"{text} may be {' or '.join(map(str, values))}.")


def in_any_case(text):
    return text.casefold()


class Spellings:
    """Finds a value by how it is spelled: exactly, else by what `loosely` makes of it where that leaves one value.

    groups: iterables of (spelling, value), codes before labels: what is exactly a code is that. Only form NFC and the
    number of spaces are passed over when the match is exact.
    """

    def __init__(self, *groups, loosely=(in_any_case,)):
        groups = [[(_spaced(spelling), value) for spelling, value in group] for group in groups]
        everything = [pair for group in groups for pair in group]
        self._ways = [(str, _by_spelling(group, str)) for group in groups]
        self._ways += [(form, _by_spelling(everything, form)) for form in loosely]

    def find(self, text):
        """The value spelled like `text`, or None. Raises AmbiguousSpelling."""
        text = _spaced(text)
        for form, values in self._ways:
            found = values.get(form(text), ())
            if len(found) > 1:
                raise AmbiguousSpelling(text, found)
            if found:
                return found[0]
        return None


def _spaced(text):
    return " ".join(composed(text).split())


def _by_spelling(pairs, form):
    found = {}
    for spelling, value in pairs:
        key = form(spelling)
        if key and value not in found.setdefault(key, []):
            found[key].append(value)
    return found
