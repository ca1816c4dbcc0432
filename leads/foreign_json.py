"""JSON that somebody else wrote: in a cell, a form, a file.

All of it is read by ForeignJSON or ForeignJSONField, so that whatever is wrong with a text is one kind of error."""

import json
import math
import re

from django import forms

# Levels of objects and lists: the deepest condition there may be has half as many.
MAX_DEPTH = 100

_BRACKETS = re.compile(r'"(?:[^"\\]|\\.)*+"?|[][{}]', re.DOTALL)


class ForeignJSON(json.JSONDecoder):
    """Raises JSONDecodeError for what is no JSON, and for what PostgreSQL would not keep or would lose a part of.

    That is: more than MAX_DEPTH levels, a key that stands twice in one object, a number that is none or has thousands
    of digits, and NUL or half a character in a text.
    """

    def __init__(self):
        super().__init__(
            object_pairs_hook=_each_key_once,
            parse_int=_whole_number,
            parse_float=_finite_number,
            parse_constant=_no_number,
        )

    def decode(self, text):
        _refuse_depth(text)
        try:
            value = super().decode(text)
        except json.JSONDecodeError:
            raise
        except ValueError as error:
            raise json.JSONDecodeError(str(error), text, 0) from None
        _refuse_unkept(value, text)
        return value


class ForeignJSONField(forms.JSONField):
    """A form's JSON, as ForeignJSON reads it."""

    def __init__(self, **kwargs):
        super().__init__(decoder=ForeignJSON, **kwargs)


def _refuse_depth(text):
    depth = 0
    for found in _BRACKETS.finditer(text):
        depth += {"[": 1, "{": 1, "]": -1, "}": -1}.get(found[0], 0)
        if depth > MAX_DEPTH:
            raise json.JSONDecodeError(f"nested deeper than {MAX_DEPTH}", text, found.start())


def _refuse_unkept(value, text):
    waiting = [value]
    while waiting:
        each = waiting.pop()
        if isinstance(each, dict):
            waiting += [*each, *each.values()]
        elif isinstance(each, list):
            waiting += each
        elif isinstance(each, str) and ("\0" in each or any("\ud800" <= letter <= "\udfff" for letter in each)):
            raise json.JSONDecodeError(f"the text {ascii(each[:40])} holds NUL or half a character", text, 0)


def _each_key_once(pairs):
    known = dict(pairs)
    if len(known) < len(pairs):
        keys = [key for key, _ in pairs]
        twice = next(key for place, key in enumerate(keys) if key in keys[:place])
        raise ValueError(f"the key {twice!r} stands twice in one object")
    return known


def _whole_number(digits):
    try:
        return int(digits)
    except ValueError:
        raise ValueError("a number has too many digits") from None


def _finite_number(digits):
    number = float(digits)
    if not math.isfinite(number):
        raise ValueError(f"{digits[:20]} is too large a number")
    return number


def _no_number(word):
    raise ValueError(f"{word} is not a number")
