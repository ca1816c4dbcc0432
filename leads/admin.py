from django import forms
from django.contrib import admin
from django.core.exceptions import ValidationError
from django.utils import timezone
from unfold.widgets import UnfoldAdminTextareaWidget

from leads.actions.answers import add_answers
from leads.actions.company import save_company
from leads.actions.definitions import define_stage
from leads.actions.source import save_source
from leads.conditions.widgets import ConditionField
from leads.enums import FieldType
from leads.fields import BY_CODE, FIELDS, Merge, ValueType
from leads.fields.answers import LABEL_LIMIT
from leads.intake import keys
from leads.models import Campaign, Company, FieldDefinition, Lead, Source, StageDefinition
from team.admin import RecordAdmin
from team.models import Workspace


class CodeStays(RecordAdmin):
    """Conditions, imports and exports name a row by its code, so the code never changes."""

    def get_readonly_fields(self, request, obj=None):
        return ["code", *super().get_readonly_fields(request, obj)] if obj else super().get_readonly_fields(request)


class CompanyForm(forms.ModelForm):
    class Meta:
        model = Company
        fields = [field.name for field in Company._meta.fields if field.editable and field.name != "created_at"]

    def clean_name(self):
        name = self.cleaned_data["name"]
        key = keys.company_key(name)
        if not key:
            raise ValidationError("A name needs a letter or a digit.")
        same = Company.objects.filter(name_key=key).exclude(pk=self.instance.pk).first()
        if same:
            raise ValidationError(f"This is the same as {same.name}.")
        return name


@admin.register(Company)
class CompanyAdmin(RecordAdmin):
    form = CompanyForm
    list_display = ["name", *(field.code for field in FIELDS if field.merge == Merge.FILLS_COMPANY)]
    search_fields = ["name_key__startswith"]
    show_full_result_count = False

    def changeform_view(self, request, *args, **kwargs):
        try:
            return super().changeform_view(request, *args, **kwargs)
        except ValidationError:
            # Somebody has taken the name since the form was checked: checked once more, it says who.
            return super().changeform_view(request, *args, **kwargs)

    def save_model(self, request, obj, form, change):
        save_company(company=obj, by=request.user, now=timezone.now())


class Retiring(CodeStays):
    """Retired rather than deleted: leads, rules and saved views name it."""

    actions = ["retire", "offer_again"]

    @admin.action(description="Retire: offer it no longer", permissions=["change"])
    def retire(self, request, queryset):
        number = queryset.offered().update(retired_at=timezone.now())
        self.message_user(request, f"{number} retired. Whoever came from there stays so.")

    @admin.action(description="Offer again", permissions=["change"])
    def offer_again(self, request, queryset):
        number = queryset.filter(retired_at__isnull=False).update(retired_at=None)
        self.message_user(request, f"{number} offered again.")

    def get_list_filter(self, request):
        return [*super().get_list_filter(request), ("retired_at", admin.EmptyFieldListFilter)]

    def get_list_display(self, request):
        return [*super().get_list_display(request), "retired_at"]


@admin.register(Source)
class SourceAdmin(Retiring):
    list_display = ["name", "code", "kind"]
    list_filter = ["kind"]
    search_fields = ["name", "code"]

    def save_model(self, request, obj, form, change):
        save_source(source=obj, by=request.user, now=timezone.now())


@admin.register(Campaign)
class CampaignAdmin(Retiring):
    list_display = ["name", "code", "source", "starts_on", "ends_on", "budget", "actual_cost", "currency"]
    list_select_related = ["source"]
    list_filter = ["source"]
    search_fields = ["name", "code"]

    def get_changeform_initial_data(self, request):
        return {"currency": Workspace.objects.current().currency} | super().get_changeform_initial_data(request)


class LinesField(forms.CharField):
    """A list of words, one on each line."""

    widget = UnfoldAdminTextareaWidget

    def prepare_value(self, value):
        return "\n".join(map(str, value)) if isinstance(value, list) else value

    def to_python(self, value):
        return [line.strip() for line in (value or "").splitlines() if line.strip()]

    def has_changed(self, initial, data):
        return (initial or []) != self.to_python(data)


class FieldDefinitionForm(forms.ModelForm):
    """The answers are given when the field is made; afterwards they have a page of their own."""

    answers = LinesField(required=False, help_text="The answers of a choice field, one on each line, in order.")

    class Meta:
        model = FieldDefinition
        fields = ["label", "code", "type", "answers", "dimension", "help_text", "position", "is_active"]

    def clean(self):
        data = super().clean()
        answers = data.get("answers", [])
        is_choice = data.get("type") in {FieldType.CHOICE, FieldType.CHOICES}
        if len(set(answers)) != len(answers):
            self.add_error("answers", "An answer stands twice in the list.")
        if any(len(answer) > LABEL_LIMIT for answer in answers):
            self.add_error("answers", f"An answer has at most {LABEL_LIMIT} characters.")
        if is_choice and not answers and not self.instance.pk:
            self.add_error("answers", "A choice field needs answers to choose from.")
        if answers and "type" in data and not is_choice:
            self.add_error("answers", "Only a choice field has answers.")
        return data


@admin.register(FieldDefinition)
class FieldDefinitionAdmin(CodeStays):
    """A field is put out of use rather than deleted: leads keep what was answered. Answers have a page of their own."""

    form = FieldDefinitionForm
    list_display = ["label", "code", "type", "dimension", "position", "is_active"]
    list_filter = ["type", "dimension", "is_active"]
    search_fields = ["label", "code"]

    def get_readonly_fields(self, request, obj=None):
        # What leads hold already has the form of the type.
        fields = super().get_readonly_fields(request, obj)
        return ["type", *fields] if obj else fields

    def get_fields(self, request, obj=None):
        fields = super().get_fields(request, obj)
        return [name for name in fields if name != "answers"] if obj else fields

    def save_model(self, request, obj, form, change):
        super().save_model(request, obj, form, change)
        if not change:
            add_answers(field=obj, labels=form.cleaned_data["answers"], now=timezone.now())

    def has_delete_permission(self, request, obj=None):
        return False


class StageDefinitionForm(forms.ModelForm):
    entry = ConditionField(label="Entry condition", required=False)

    class Meta:
        model = StageDefinition
        fields = ["who", "moves_in", "entry"]


@admin.register(StageDefinition)
class StageDefinitionAdmin(RecordAdmin):
    """Saving makes a new version; the versions before stay to be read."""

    form = StageDefinitionForm
    list_display = ["stage", "version", "is_current", "who", "created_at", "created_by"]
    list_filter = ["is_current", "stage"]
    list_select_related = ["created_by"]
    readonly_fields = ["stage", "version", "is_current", "created_at", "created_by"]
    fields = ["stage", "version", "is_current", "who", "moves_in", "entry", "created_at", "created_by"]

    def has_add_permission(self, request):
        return False

    def has_change_permission(self, request, obj=None):
        return super().has_change_permission(request, obj) and (obj is None or obj.is_current)

    def has_delete_permission(self, request, obj=None):
        return False

    def save_model(self, request, obj, form, change):
        words = {name: form.cleaned_data[name] for name in form.fields}
        new = define_stage(stage=obj.stage, by=request.user, now=timezone.now(), **words)
        # The page goes on with the version that was made.
        obj.pk, obj.version = new.pk, new.version


# What a list shows that nobody has chosen columns for.
_LISTED = [field.code for field in FIELDS if field.in_list]


@admin.register(Lead)
class LeadAdmin(RecordAdmin):
    """To read: every fact about a lead has its own action, behind the pages of the product."""

    list_display = ["name", "email", "company", *_LISTED]
    list_filter = [code for code in _LISTED if BY_CODE[code].choices]
    list_select_related = ["company", *(code for code in _LISTED if BY_CODE[code].type == ValueType.REFERENCE)]
    ordering = ["-pk"]
    search_fields = ["email_key"]  # shows the box; get_search_results does the search
    search_help_text = "Name, e-mail, company or phone"
    show_full_result_count = False

    def get_queryset(self, request):
        return Lead.objects.visible_to(request.user)

    def get_search_results(self, request, queryset, search_term):
        return (queryset.matching_words(search_term) if search_term else queryset), False

    def has_add_permission(self, request):
        return False

    def has_change_permission(self, request, obj=None):
        return False

    def has_delete_permission(self, request, obj=None):
        return False
