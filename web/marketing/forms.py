from django import forms
from django.conf import settings
from django.core.exceptions import ValidationError
from django.template.defaultfilters import filesizeformat

from capture.importing.mapping import ERROR_COLUMNS, IMPORTED, SIGNS, TARGETS, MappingError, check_mapping, field_code
from leads.models import Campaign, Source
from web.selects import NOT_OFFERED

SKIP, NEW = "", "+"


class UploadForm(forms.Form):
    file = forms.FileField(
        label="CSV or Excel file (XLSX)",
        help_text="Any encoding and delimiter; exports of HubSpot, Salesforce, Zoho, Pipedrive, Mailchimp, Brevo, "
        "ActiveCampaign, Mautic and Facebook lead ads are recognised.",
        widget=forms.FileInput(attrs={"accept": ".csv,.txt,.tsv,.xlsx,text/csv"}),
    )
    no_header = forms.BooleanField(
        label="The first row is a person, not the names of the columns",
        required=False,
        widget=forms.CheckboxInput(attrs={"class": "form-check-input"}),
    )

    def clean_file(self):
        file = self.cleaned_data["file"]
        if file.size > settings.UPLOAD_MAX_BYTES:
            raise ValidationError(
                f"The file is larger than {filesizeformat(settings.UPLOAD_MAX_BYTES)}. Split it, or ask your admin to "
                "import it on the server."
            )
        return file


class MappingForm(forms.Form):
    """One choice per column, by its place. `plan` is the suggestion, `custom` {code: (label, type, Answers)}."""

    external_system = forms.CharField(
        label="Who gave out the external ids",
        max_length=30,
        required=False,
        help_text="Ids are matched only within the same system, such as hubspot.",
    )
    source = forms.ModelChoiceField(
        Source.objects.offered(), required=False, empty_label="None", error_messages=NOT_OFFERED
    )
    campaign = forms.ModelChoiceField(
        Campaign.objects.offered(), required=False, empty_label="None", error_messages=NOT_OFFERED
    )
    row_number = forms.BooleanField(
        label="Nothing tells the people apart: identify each by its row number",
        required=False,
        widget=forms.CheckboxInput(attrs={"class": "form-check-input"}),
    )

    def __init__(self, *args, header, plan, custom, **kwargs):
        super().__init__(*args, **kwargs)
        self.header = header
        self.custom = custom
        chosen = {column.index: column.target for column in plan.columns} if plan else {}
        choices = _choices(custom)
        for index, name in enumerate(header):
            self.fields[f"column_{index}"] = forms.ChoiceField(
                label=name,
                choices=choices,
                required=False,
                initial=chosen.get(index, SKIP),
                widget=forms.Select(attrs={"class": "form-select"}),
            )
        if plan:
            self.fields["external_system"].initial = plan.external_system
            self.fields["row_number"].initial = plan.row_number

    @property
    def columns(self):
        """The bound fields of the columns, in the order of the file."""
        return [self[f"column_{index}"] for index in range(len(self.header))]

    def clean(self):
        """Adds cleaned_data["mapping"], in the form of capture.importing.mapping."""
        cleaned = super().clean()
        columns, taken = {}, set(self.custom)
        for index, name in enumerate(self.header):
            choice = cleaned.get(f"column_{index}", SKIP)
            if choice == NEW:
                code = field_code(name, taken)
                taken.add(code)
                columns[name] = {"field": code, "label": name[:100]}
            elif choice != SKIP:
                columns[name] = choice
        if not columns:
            raise ValidationError("Every column is skipped. Say what at least one of them holds.")
        mapping = {
            "external_system": cleaned.get("external_system", ""),
            "row_number": cleaned.get("row_number", False),
            "columns": columns,
        }
        try:
            check_mapping(mapping)
        except MappingError as error:
            raise ValidationError(list(error.problems)) from error
        cleaned["mapping"] = mapping
        return cleaned


def with_fields_for_skipped(data, sample, header):
    """A copy of what was posted in which every skipped column that tells people apart gets a field of its own.

    A column that holds the same in all the rows of the sample, or nothing, stays skipped, and so does what the error
    file of an import added.
    """
    data = data.copy()
    for index, name in enumerate(header):
        values = {row[index].strip() if index < len(row) else "" for row in sample}
        if data.get(f"column_{index}", SKIP) == SKIP and len(values) > 1 and name not in ERROR_COLUMNS:
            data[f"column_{index}"] = NEW
    return data


def _choices(custom):
    groups = [(SKIP, "Skip"), (NEW, "Create a field")]
    headings = dict.fromkeys(field.group for field in IMPORTED)
    groups += [
        (name, [(field.code, TARGETS[field.code]) for field in IMPORTED if field.group == name]) for name in headings
    ]
    groups.append(("Signs", list(SIGNS.items())))
    if custom:
        groups.append(("Your fields", [(code, label) for code, (label, _, _) in custom.items()]))
    return groups
