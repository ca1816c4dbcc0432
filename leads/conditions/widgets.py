"""The form field of a condition. Without JavaScript it is a text area of JSON; with it, the condition editor."""

import json

from django import forms
from django.conf import settings
from django.core.exceptions import ValidationError
from django.forms import Script
from django.utils.html import json_script

from leads.conditions.grammar import ConditionError
from leads.conditions.reading import as_stored, read
from leads.conditions.vocabulary import Vocabulary
from leads.foreign_json import ForeignJSONField

VOCABULARY_ID = "condition-vocabulary"


class VocabularyBlock:
    """The editor's vocabulary as a media asset: however many editors a page has, it is loaded and sent once."""

    def __html__(self):
        return json_script(Vocabulary.load().as_json(), VOCABULARY_ID)

    def __eq__(self, other):
        return isinstance(other, VocabularyBlock)

    def __hash__(self):
        return hash(VOCABULARY_ID)


class ConditionWidget(forms.Textarea):
    """A text area that static/js/condition_editor.js turns into an editor; the page has to render the form's media.

    data-condition-check holds the address that tells what the condition says and how many leads meet it.
    """

    class Media:
        css = {"all": ["css/condition_editor.css"]}
        js = [VocabularyBlock(), Script("js/condition_editor.js", type="module")]

    def __init__(self, attrs=None):
        own = {"rows": 8, "spellcheck": "false", "data-condition-editor": ""}
        own["data-condition-check"] = settings.CONDITION_CHECK_URL
        super().__init__(own | (attrs or {}))


class ConditionField(ForeignJSONField):
    """Cleans to the JSON tree of a condition as it is stored, or None when it may be empty and is.

    Errors name the path.
    """

    widget = ConditionWidget
    default_error_messages = {"invalid": "This is not JSON."}

    def prepare_value(self, value):
        return json.dumps(value, ensure_ascii=False, indent=2) if isinstance(value, dict | list) else value

    def bound_data(self, data, initial):
        """What was typed, as it was typed."""
        return initial if self.disabled else data

    def clean(self, value):
        tree = super().clean(value)
        if tree is None:
            return None
        vocabulary = Vocabulary.load()
        try:
            read(tree, vocabulary)
        except ConditionError as error:
            raise ValidationError([str(problem) for problem in error.problems], code="condition") from error
        return as_stored(tree, vocabulary)
