import datetime
import json

from crispy_forms.helper import FormHelper
from django import forms
from django.core.validators import ProhibitNullCharactersValidator
from django.utils import timezone

from leads.activities import all_kinds, kinds
from leads.enums import FieldType, Outcome, Stage, TaskKind
from leads.fields import BY_CODE, FIELDS, Key, ValueType
from leads.foreign_json import ForeignJSON
from leads.models import Campaign, OtherKey, Source
from leads.rules import check_year
from routing.enums import RejectReason
from web.leads.facts import as_original, said, value_of, whole
from web.leads.timeline import SHOWS
from web.selects import NOT_OFFERED, PlainSelect

_EMPTY_CHOICE = ("", "Not answered")
MOST_AT_ONCE = 500
NEXT_DAYS = [("", "As proposed"), ("0", "Today"), ("1", "+1 day"), ("3", "+3 days"), ("7", "+7 days")]


class TagsField(forms.CharField):
    """Words between commas, as a list."""

    def prepare_value(self, value):
        return ", ".join(value) if isinstance(value, list) else value

    def to_python(self, value):
        text = super().to_python(value)
        # The field's validators look at the list, in which this character is no longer seen.
        ProhibitNullCharactersValidator()(text)
        return [tag.strip() for tag in text.split(",") if tag.strip()]


def _in_the_calendar(value):
    try:
        check_year(value)
    except ValueError as error:
        raise forms.ValidationError(str(error)) from None


class DayField(forms.DateField):
    widget = forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d")
    default_validators = [_in_the_calendar]


class MomentField(forms.DateTimeField):
    widget = forms.DateTimeInput(attrs={"type": "datetime-local"}, format="%Y-%m-%dT%H:%M")
    default_validators = [_in_the_calendar]


class IdListField(forms.MultipleChoiceField):
    """The ids of ticked boxes, as integers; which of them are the reader's to touch is for the queryset to say."""

    def to_python(self, value):
        try:
            return sorted({int(one) for one in super().to_python(value) if len(one) < 19})
        except ValueError as error:
            raise forms.ValidationError("Tick leads of the list.") from error

    def validate(self, value):
        if self.required and not value:
            raise forms.ValidationError("Tick at least one lead.", code="required")
        if len(value) > MOST_AT_ONCE:
            raise forms.ValidationError(f"At most {MOST_AT_ONCE} leads at once.")


def _built_in_field(code):
    field = BY_CODE[code]
    match field.type:
        case ValueType.BOOLEAN:
            return forms.BooleanField(label=field.label, required=False)
        case ValueType.DATE:
            return DayField(label=field.label, required=False)
        case ValueType.LIST:
            return TagsField(label=field.label, required=False, help_text="Between commas.", max_length=2000)
    kind = {Key.EMAIL: "email", Key.PHONE: "tel"}.get(field.key, "text")
    return forms.CharField(
        label=field.label,
        required=False,
        max_length=field.model_field.max_length,
        widget=forms.TextInput(attrs={"autocomplete": "off", "type": kind}),
    )


def _custom_field(definition, kept=()):
    """The form field of a custom field. `kept` are the values it has: answers stay that are no longer offered, and so
    do the lines of a text."""
    options = {"label": definition.label, "required": False, "help_text": definition.help_text}
    answers = definition.answer_list.offered(kept=kept)
    match definition.type:
        case FieldType.INTEGER:
            return forms.IntegerField(**options)
        case FieldType.NUMBER:
            return forms.FloatField(**options)
        case FieldType.BOOLEAN:
            return forms.TypedChoiceField(
                choices=[_EMPTY_CHOICE, ("true", "Yes"), ("false", "No")],
                widget=PlainSelect,
                coerce=lambda value: value == "true",
                empty_value=None,
                **options,
            )
        case FieldType.DATE:
            return DayField(**options)
        case FieldType.DATETIME:
            return MomentField(**options)
        case FieldType.CHOICE:
            return forms.ChoiceField(choices=[_EMPTY_CHOICE, *answers], widget=PlainSelect, **options)
        case FieldType.CHOICES:
            return forms.MultipleChoiceField(choices=answers, widget=forms.CheckboxSelectMultiple, **options)
    has_lines = any(isinstance(each, str) and "\n" in each for each in kept)
    return forms.CharField(max_length=5000, widget=forms.Textarea(attrs={"rows": 4}) if has_lines else None, **options)


def _initial(value, definition):
    """A value as the widget of its field takes it."""
    if definition is None or value is None:
        return value
    if definition.type == FieldType.BOOLEAN:
        return "true" if value else "false"
    if definition.type == FieldType.DATETIME:
        return timezone.localtime(datetime.datetime.fromisoformat(value))
    return whole(value)


def _in_stored_form(value):
    if isinstance(value, datetime.datetime):
        return value.astimezone(datetime.UTC).isoformat()
    # As a browser ends the lines of what it sends.
    return value.replace("\r\n", "\n") if isinstance(value, str) else value


def _read_original(text):
    """The value that `as_original` made the text from; None for what it cannot have made."""
    try:
        return json.loads(text or "null", cls=ForeignJSON)
    except ValueError:
        return None


class EditForm(forms.Form):
    """Some fields of one lead. Each comes with what it was when editing began, so that two editors are noticed."""

    def __init__(self, data=None, *, lead, codes, definitions):
        super().__init__(data)
        self.codes = codes
        self.definitions = {definition.code: definition for definition in definitions}
        for code in codes:
            definition = self.definitions.get(code)
            if definition:
                self.fields[code] = _custom_field(definition, kept=self._kept(lead, code))
            else:
                self.fields[code] = _built_in_field(code)
            self.initial[code] = _initial(value_of(lead, code), definition)
        for code in codes:
            self.fields[f"was-{code}"] = forms.CharField(required=False, widget=forms.HiddenInput, max_length=20_000)
            self.initial[f"was-{code}"] = as_original(value_of(lead, code))

    def _kept(self, lead, code):
        """The answers of the lead, and those it had when editing began."""
        values = [lead.fields.get(code), _read_original(self.data.get(f"was-{code}"))]
        every = [each for value in values for each in (value if isinstance(value, list) else [value])]
        return dict.fromkeys(each for each in every if isinstance(each, str))

    @property
    def mine(self):
        """{code: cleaned value} of the fields that this editor changed."""
        return {code: self.cleaned_data[code] for code in self.codes if self._is_changed(code)}

    def _is_changed(self, code):
        """Whether what was sent is something else than the value from which editing began, and than what a control
        makes of that value by itself: it shows no seconds, and knows one order of answers."""
        mine = as_original(_in_stored_form(self.cleaned_data[code]))
        was = self.cleaned_data[f"was-{code}"]
        return mine not in (was, self._untouched(code, _read_original(was)))

    def _untouched(self, code, value):
        """What comes back of a value that is shown and not touched, as an original; None where there is no telling."""
        field = self.fields[code]
        if isinstance(field.widget, forms.CheckboxInput):
            return as_original(value)
        if isinstance(field, forms.MultipleChoiceField) and isinstance(value, list):
            return as_original([code for code, _ in field.choices if code in value])
        try:
            shown = field.widget.format_value(field.prepare_value(_initial(value, self.definitions.get(code))))
            return as_original(_in_stored_form(field.clean(shown)))
        except (ValueError, OverflowError, TypeError, AttributeError, forms.ValidationError):
            return None

    def conflicts(self, lead):
        """The codes that somebody else changed to something else since this editor began."""
        found = []
        for code, value in self.mine.items():
            now = as_original(value_of(lead, code))
            if now not in (self.cleaned_data[f"was-{code}"], as_original(_in_stored_form(value))):
                found.append(code)
        return found

    def original(self, code, definition):
        """The value this editor started from, as text."""
        try:
            return said(_read_original(self.cleaned_data[f"was-{code}"]), definition)
        except (ValueError, OverflowError):  # no date, or one beyond the calendar elsewhere
            return ""

    def add_problems(self, error):
        """Shows a ValidationError of an action at the fields it names."""
        by_code = error.error_dict if hasattr(error, "error_dict") else {None: error.error_list}
        for code, problems in by_code.items():
            self.add_error(code if code in self.fields else None, problems)


class NewLeadForm(forms.Form):
    """Quick entry: what fits on a card from a show."""

    source = forms.ModelChoiceField(
        Source.objects.offered(), required=False, empty_label="Not known", error_messages=NOT_OFFERED
    )
    campaign = forms.ModelChoiceField(
        Campaign.objects.offered(), required=False, empty_label="None", error_messages=NOT_OFFERED
    )
    note = forms.CharField(
        required=False, max_length=5000, widget=forms.Textarea(attrs={"rows": 3}), help_text="Kept on the timeline."
    )
    is_another = forms.BooleanField(label="This is another person", required=False)

    def __init__(self, *args, definitions, **kwargs):
        super().__init__(*args, **kwargs)
        facts = {field.code: _built_in_field(field.code) for field in FIELDS if field.is_quick}
        self.fields = facts | self.fields | {field.code: _custom_field(field) for field in definitions}
        self.helper = FormHelper(self)
        self.helper.form_tag = False

    @property
    def values(self):
        """What create_lead takes: the facts that were filled in."""
        apart = {"source", "campaign", "note", "is_another"}
        values = self.cleaned_data.items()
        return {code: value for code, value in values if code not in apart and value not in (None, "", [])}

    add_problems = EditForm.add_problems


class OtherKeyForm(forms.Form):
    """Another e-mail address, phone number or external id of a lead."""

    kind = forms.ChoiceField(choices=OtherKey._meta.get_field("kind").choices)
    value = forms.CharField(max_length=254, error_messages={"required": "Give an address, a number or an id."})
    system = forms.CharField(max_length=30, required=False)


class PageForm(forms.Form):
    """Which part of the timeline the lead page shows, and which fact is open for editing."""

    show = forms.ChoiceField(choices=list(SHOWS.items()), required=False)
    after = forms.CharField(required=False, max_length=60)
    edit = forms.SlugField(required=False, max_length=50)


class LogForm(forms.Form):
    """The composer."""

    KINDS = [(kind.code, kind.composer) for kind in all_kinds() if kind.composer]
    kind = forms.ChoiceField(choices=KINDS, error_messages={"required": "Say what it was."})
    note = forms.CharField(max_length=5000, required=False)

    def clean(self):
        if self.cleaned_data.get("kind") == kinds.NOTE.code and not self.cleaned_data.get("note"):
            self.add_error("note", "Write the note first.")


class TaskForm(forms.Form):
    kind = forms.ChoiceField(choices=TaskKind.choices)
    title = forms.CharField(max_length=200, error_messages={"required": "Say what is to be done."})
    due_at = MomentField(label="Due", error_messages={"required": "Say when it is due."})


class OutcomeForm(forms.Form):
    """How a contact went. Without an outcome the note alone is kept."""

    outcome = forms.ChoiceField(choices=Outcome.choices, required=False)
    next_in_days = forms.TypedChoiceField(choices=NEXT_DAYS, coerce=int, empty_value=None, required=False)
    note = forms.CharField(max_length=2000, required=False)


class ReasonForm(forms.Form):
    reason = forms.CharField(max_length=200, error_messages={"required": "Say why."})


class StageForm(ReasonForm):
    """Moving somebody by hand; `evidence` are the choices there are."""

    to = forms.ChoiceField(choices=Stage.choices, error_messages={"required": "Choose a stage."})
    evidence = forms.ChoiceField(required=False)
    overrule = forms.BooleanField(required=False)

    def __init__(self, *args, evidence, **kwargs):
        super().__init__(*args, **kwargs)
        self.fields["evidence"].choices = [("", ""), *evidence]

    def clean_evidence(self):
        what, _, which = self.cleaned_data["evidence"].partition(":")
        return (what, which) if what else None


class RejectForm(forms.Form):
    reason = forms.ChoiceField(choices=RejectReason.choices, error_messages={"required": "Choose a reason."})
