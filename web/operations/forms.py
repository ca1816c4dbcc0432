from django import forms

from jobs.queries import kinds_of_work


class RetryForm(forms.Form):
    kind = forms.ChoiceField(choices=lambda: [(model._meta.label, model.WORK.name) for model in kinds_of_work()])
