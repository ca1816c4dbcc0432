from django import forms
from django.core.exceptions import ValidationError
from django.db.models import Max
from django.utils.functional import cached_property
from unfold.widgets import TEXTAREA_CLASSES, UnfoldAdminTextareaWidget

from leads.conditions import Vocabulary
from leads.conditions.widgets import ConditionField, ConditionWidget
from scoring.enums import RuleKind
from scoring.models import GradeRequirement, ScoringModel, ScoringRule
from scoring.rules import (
    MAX_DAYS,
    MAX_POINTS,
    MAX_RULES,
    MAX_TOTAL,
    MAX_WORDS,
    behaviour_problems,
    condition_problems,
    number_problems,
)


class ScoringModelForm(forms.ModelForm):
    class Meta:
        model = ScoringModel
        fields = ["name", "question_set", "a_from", "b_from", "c_from", "notes"]
        widgets = {"notes": UnfoldAdminTextareaWidget(attrs={"rows": 3})}

    def clean(self):
        for name in ("a_from", "b_from", "c_from"):
            if self.cleaned_data.get(name) is not None:
                self.refuse(name, number_problems("", self.cleaned_data[name], -MAX_TOTAL, MAX_TOTAL))
        return super().clean()

    def refuse(self, name, problems):
        for problem in problems:
            self.add_error(name, problem.message)


class ConditionHolderForm(forms.ModelForm):
    """A row with a condition: what was typed stays, and every problem is named with its path."""

    condition = ConditionField(widget=ConditionWidget(attrs={"rows": 4, "class": " ".join(TEXTAREA_CLASSES)}))

    def __init__(self, *args, vocabulary=None, **kwargs):
        super().__init__(*args, **kwargs)
        self.vocabulary = vocabulary

    def clean_condition(self):
        condition = self.cleaned_data["condition"]
        problems = condition_problems(condition, self.vocabulary or Vocabulary.load())
        if problems:
            raise ValidationError([str(problem) if problem.path else problem.message for problem in problems])
        return condition


class RuleForm(ConditionHolderForm):
    """Whether a rule counts activities follows from its cap."""

    class Meta:
        model = ScoringRule
        fields = ["label", "points", "cap", "half_life_days", "condition", "position"]
        labels = {"half_life_days": "Half-life in days"}

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        self.fields["position"].required = False

    def clean_label(self):
        label = self.cleaned_data["label"]
        if len(label.split()) > MAX_WORDS:
            raise ValidationError(f"Use at most {MAX_WORDS} words: the queue shows it.")
        return label

    def clean_points(self):
        points = self.cleaned_data["points"]
        if points == 0:
            raise ValidationError("Zero points say nothing.")
        if abs(points) > MAX_POINTS:
            raise ValidationError(f"Give at most {MAX_POINTS} points, plus or minus.")
        return points

    def clean(self):
        data = super().clean()
        cap, half_life = data.get("cap"), data.get("half_life_days")
        if cap is not None and not 1 <= cap <= MAX_POINTS:
            self.add_error("cap", f"Has to lie between 1 and {MAX_POINTS}.")
        if half_life is not None and not 1 <= half_life <= MAX_DAYS:
            self.add_error("half_life_days", f"Has to lie between 1 and {MAX_DAYS}.")
        if half_life is not None and cap is None and "cap" not in self.errors:
            self.add_error("cap", "A half-life needs a cap.")
        if cap is not None and data.get("condition"):
            for problem in behaviour_problems(data["condition"]):
                self.add_error("condition", str(problem) if problem.path else problem.message)
        self.instance.kind = RuleKind.FIT if cap is None else RuleKind.BEHAVIOUR
        return data

    def _get_validation_exclusions(self):
        # Rows change places within one save; RuleFormSet numbers them afterwards.
        return super()._get_validation_exclusions() | {"position"}


class RequirementForm(ConditionHolderForm):
    class Meta:
        model = GradeRequirement
        fields = ["grade", "label", "condition"]


class ConditionHolderFormSet(forms.BaseInlineFormSet):
    """Loads the vocabulary once for all its rows."""

    @cached_property
    def vocabulary(self):
        return Vocabulary.load()

    def get_form_kwargs(self, index):
        return super().get_form_kwargs(index) | {"vocabulary": self.vocabulary}


class RuleFormSet(ConditionHolderFormSet):
    """Rules in the order of their positions, a new one without a position last."""

    def clean(self):
        super().clean()
        kept = [form for form in self.forms if form.has_changed() or form.instance.pk]
        if len(kept) > MAX_RULES:
            raise ValidationError(f"A model holds at most {MAX_RULES} rules.")

    def save(self, commit=True):
        last = self.instance.rules.aggregate(last=Max("position"))["last"] or 0
        for number, form in enumerate(self.forms, 1):
            if form.instance.position is None:
                form.instance.position = last + number
        saved = super().save(commit)
        if commit:
            self.renumber()
        return saved

    def renumber(self):
        rules = list(self.instance.rules.order_by("position", "pk"))
        for position, rule in enumerate(rules, 1):
            rule.position = position
        ScoringRule.objects.bulk_update(rules, ["position"])
