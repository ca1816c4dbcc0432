from django import forms

from team.enums import Weekday


class WorkingDaysField(forms.TypedMultipleChoiceField):
    """The days of the week on which somebody works, as User.work_days keeps them."""

    widget = forms.CheckboxSelectMultiple

    def __init__(self, **how):
        super().__init__(
            label="Working days",
            choices=Weekday.choices,
            coerce=int,
            error_messages={"required": "Choose at least one working day."},
            **how,
        )
