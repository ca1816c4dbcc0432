"""The answers of choice fields: renamed, put in order, retired and added; what uses each stands beside it."""

import json
from typing import NamedTuple

from django import forms
from django.contrib import messages
from django.core.exceptions import ValidationError
from django.db.models import Count, Q
from django.http import Http404
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from leads.actions.answers import (
    AnswersConflict,
    add_answers,
    delete_answer,
    restore_answer,
    retire_answer,
    save_answers,
)
from leads.conditions import Vocabulary
from leads.fields.answers import LABEL_LIMIT, Choice
from leads.foreign_json import ForeignJSONField
from leads.models import FieldDefinition
from leads.queries import CappedCount, leads_by_answer, stages_naming_answers
from routing.queries import rules_naming_answers
from scoring.queries import models_naming_answers
from web.access import allow


class Use(NamedTuple):
    """What holds on to an answer: leads that have it, rules and definitions that name it."""

    leads: CappedCount
    named_by: list[str]

    def __bool__(self):
        return bool(self.leads.number or self.named_by)


class AnswersForm(forms.Form):
    """The label and the place of each answer of a field that was loaded with_answers, and what was shown of them."""

    # {code: label} in the order that was shown, so that two editors are noticed.
    was = ForeignJSONField(required=False, widget=forms.HiddenInput)

    def __init__(self, data=None, *, choices):
        self.choices = choices
        shown = {f"place-{choice.code}": place for place, choice in enumerate(choices, 1)}
        shown |= {f"label-{choice.code}": choice.label for choice in choices}
        # What somebody has added meanwhile does not come with what is sent.
        super().__init__(None if data is None else shown | data)
        self.initial = shown | {"was": {choice.code: choice.label for choice in choices}}
        for choice in choices:
            self.fields[f"label-{choice.code}"] = forms.CharField(
                max_length=LABEL_LIMIT,
                widget=forms.TextInput(attrs={"class": "form-control", "aria-label": f"Label of {choice.code}"}),
            )
            self.fields[f"place-{choice.code}"] = forms.IntegerField(
                min_value=1,
                max_value=10_000,
                widget=forms.NumberInput(attrs={"class": "form-control", "aria-label": f"Place of {choice.label}"}),
            )

    def clean(self):
        if not isinstance(self.cleaned_data.get("was"), dict):
            raise ValidationError("Something is missing in what was sent. Reload this page and try again.")

    def row(self, choice: Choice):
        return self[f"label-{choice.code}"], self[f"place-{choice.code}"]

    @property
    def labels(self):
        """{code: label}, also of answers that somebody has deleted since they were shown."""
        typed = {code: self.data[f"label-{code}"] for code in self.cleaned_data["was"] if f"label-{code}" in self.data}
        return typed | {choice.code: self.cleaned_data[f"label-{choice.code}"] for choice in self.choices}

    @property
    def order(self):
        """The codes shown by their places; of two in one place the one that was moved there comes first."""

        def place(numbered):
            before, code = numbered
            now = self.cleaned_data.get(f"place-{code}", before)
            return now, now == before, before

        return [code for _, code in sorted(enumerate(self.cleaned_data["was"], 1), key=place)]

    def show(self, conflict):
        """Says what somebody else has saved; what was typed stays, and can be saved after that."""
        was, again = self.cleaned_data["was"], {}
        labels = {choice.code: choice.label for choice in self.choices} | conflict.saved
        for code, label in conflict.saved.items():
            self.add_error(
                f"label-{code}", f"Somebody else has put “{label}” here meanwhile. Save once more to have yours."
            )
        if conflict.order:
            said = ", ".join(labels.get(code, code) for code in conflict.order)
            self.add_error(
                None, f"Somebody else has changed the order meanwhile: {said}. Save once more to have yours."
            )
            # Two that were typed into one place are told apart by what was shown, which is another order from here on.
            again = {f"place-{code}": place for place, code in enumerate(dict.fromkeys([*self.order, *labels]), 1)}
            was = {code: was.get(code, labels.get(code, code)) for code in conflict.order}
        self.data = self.data | again | {"was": json.dumps(was | conflict.saved)}


class NewAnswerForm(forms.Form):
    label = forms.CharField(label="New answer", max_length=LABEL_LIMIT)


@require_safe
@allow.whoever_may("leads.change_answer")
def answer_fields(request):
    retired = Count("answers", filter=Q(answers__retired_at__isnull=False))
    fields = FieldDefinition.objects.using_answers().annotate(all_answers=Count("answers"), retired=retired)
    return render(request, "operations/answer_fields.html", {"fields": fields})


@require_http_methods(["GET", "HEAD", "POST"])
@allow.whoever_may("leads.change_answer")
def answer_list(request, code):
    """Saves what the reader changed; 409 with what was typed where somebody else changed the same meanwhile."""
    field = _field(code)
    form = AnswersForm(request.POST.dict() if request.method == "POST" else None, choices=field.answer_list.choices)
    status = 200
    if request.method == "POST":
        status = 422
        if form.is_valid():
            try:
                renamed = save_answers(
                    field=field,
                    labels=form.labels,
                    order=form.order,
                    was=form.cleaned_data["was"],
                    now=timezone.now(),
                )
            except AnswersConflict as conflict:
                form.show(conflict)
                status = 409
            except ValidationError as error:
                form.add_error(None, error)
            else:
                messages.success(request, f"Saved; {renamed} renamed." if renamed else "Saved.")
                return redirect("web:answer-list", code)
    return _page(request, field, form, NewAnswerForm(), status=status)


@require_POST
@allow.whoever_may("leads.change_answer")
def answer_add(request, code):
    field = _field(code)
    form = NewAnswerForm(request.POST)
    if form.is_valid():
        try:
            add_answers(field=field, labels=[form.cleaned_data["label"]], now=timezone.now())
        except ValidationError as error:
            form.add_error("label", error)
        else:
            messages.success(request, "Added behind the others.")
            return redirect("web:answer-list", code)
    return _page(request, field, AnswersForm(choices=field.answer_list.choices), form, status=422)


@require_POST
@allow.whoever_may("leads.change_answer")
def answer_change(request, code, answer, change):
    """Retires, restores or deletes an answer; one that something uses is not deleted."""
    field = _field(code)
    choice = field.answer_list.get(answer)
    if choice is None:
        raise Http404
    if change == "retire":
        retire_answer(field=field, code=answer, now=timezone.now())
        messages.success(request, f"{choice.label} is no longer offered. Whoever has it keeps it.")
    elif change == "restore":
        restore_answer(field=field, code=answer)
        messages.success(request, f"{choice.label} is offered again.")
    elif change == "delete":
        _delete(request, field, choice)
    else:
        raise Http404
    return redirect("web:answer-list", code)


def _delete(request, field, choice):
    try:
        delete_answer(field=field, code=choice.code, is_used=lambda: bool(_uses(field).get(choice.code)))
    except ValidationError as error:
        messages.error(request, " ".join(error.messages))
    else:
        messages.success(request, f"{choice.label} is gone.")


def _field(code):
    return get_object_or_404(FieldDefinition.objects.using_answers().with_answers(), code=code)


def _uses(field):
    """{code: Use} of all answers of the field."""
    vocabulary = Vocabulary.load()
    leads = leads_by_answer(field)
    naming = [
        find(field.code, vocabulary) for find in (models_naming_answers, rules_naming_answers, stages_naming_answers)
    ]
    return {
        code: Use(count, [holder for named in naming for holder in named.get(code, ())])
        for code, count in leads.items()
    }


def _page(request, field, form, new_form, *, status):
    uses = _uses(field)
    context = {
        "field": field,
        "form": form,
        "new_form": new_form,
        "rows": [(choice, *form.row(choice), uses.get(choice.code)) for choice in field.answer_list.choices],
    }
    return render(request, "operations/answer_list.html", context, status=status)
