from django.contrib import admin, messages
from django.contrib.admin.utils import unquote
from django.core.exceptions import PermissionDenied, ValidationError
from django.db import OperationalError, transaction
from django.db.models import Count
from django.http import HttpResponseRedirect
from django.shortcuts import get_object_or_404
from django.template.defaultfilters import pluralize
from django.template.response import TemplateResponse
from django.urls import path, reverse
from django.utils import timezone
from django.utils.decorators import method_decorator
from django.utils.functional import cached_property
from django.views.decorators.http import require_POST
from unfold.admin import StackedInline, TabularInline
from unfold.decorators import action, display

from jobs.postgres import SOMEBODY_WAS_FIRST, ErrorCode, error_code
from leads.conditions import ConditionError, Vocabulary, describe
from scoring import forms, queries
from scoring.actions import cancel_regrade, copy_model, publish_model, roll_back, start_draft
from scoring.enums import ModelStatus
from scoring.models import GradeRequirement, QuestionSet, RatingQuestion, RegradeRun, ScoringModel, ScoringRule
from scoring.rules import ModelRefused
from team.admin import RecordAdmin

# A lock that was not to be had in time, a statement that waited for one until its own time was over, a deadlock.
WAITED_TOO_LONG = SOMEBODY_WAS_FIRST | {ErrorCode.QUERY_CANCELED}

BADGES = {"Draft": "warning", "Published": "success", "Retired": "info"}


class OfDraft:
    """Rows that can be written while their model is a draft; each shows its condition in English too."""

    extra = 0
    readonly_fields = ["in_english"]

    @cached_property
    def vocabulary(self):
        return Vocabulary.load()

    @admin.display(description="in English")
    def in_english(self, row):
        if not row.condition:
            return "Shown here once it is saved."
        try:
            return describe(row.condition, self.vocabulary)
        except ConditionError as error:
            return f"Cannot be read any more: {error}"

    def has_add_permission(self, request, obj=None):
        return super().has_add_permission(request, obj) and is_draft(obj)

    def has_change_permission(self, request, obj=None):
        return super().has_change_permission(request, obj) and is_draft(obj)

    def has_delete_permission(self, request, obj=None):
        return super().has_delete_permission(request, obj) and is_draft(obj)


class RuleInline(OfDraft, StackedInline):
    model = ScoringRule
    form = forms.RuleForm
    formset = forms.RuleFormSet
    fields = ["label", ("points", "cap", "half_life_days"), "condition", "in_english", "position"]
    ordering_field = "position"
    hide_ordering_field = True
    collapsible = True


class RuleTable(OfDraft, TabularInline):
    """The rules of a version that never changes again, to be read at a glance."""

    model = ScoringRule
    fields = ["label", "in_english", "points_in_words"]
    readonly_fields = fields
    classes = ["rule-table"]
    hide_title = True

    @admin.display(description="points")
    def points_in_words(self, rule):
        if rule.cap is None:
            return str(rule.points)
        days = rule.half_life_days
        halved = f"halved every {days} day{pluralize(days)}, " if days else ""
        return f"{rule.points} each, {halved}{most_points(rule)} at most"


class RequirementInline(OfDraft, StackedInline):
    model = GradeRequirement
    form = forms.RequirementForm
    formset = forms.ConditionHolderFormSet
    fields = [("grade", "label"), "condition", "in_english"]
    collapsible = True
    verbose_name = "must-have"
    verbose_name_plural = "must-haves"


class RequirementTable(OfDraft, TabularInline):
    """The must-haves of a version that never changes again."""

    model = GradeRequirement
    fields = ["grade", "label", "in_english"]
    classes = ["rule-table"]
    hide_title = True
    verbose_name = "must-have"
    verbose_name_plural = "must-haves"


@admin.register(ScoringModel)
class ScoringModelAdmin(RecordAdmin):
    """Drafts are edited; a published version is read, copied or rolled back to."""

    form = forms.ScoringModelForm
    fields = ["name", "question_set", ("a_from", "b_from", "c_from"), "notes"]
    list_display = ["name", "version", "badge", "ranges", "rule_count", "published_at", "published_by"]
    list_filter = ["status"]
    list_select_related = ["published_by"]
    actions = None
    actions_detail = ["publish", "copy_as_draft", "roll_back_to"]
    list_before_template = "admin/scoring/progress.html"
    change_form_outer_before_template = "admin/scoring/about_model.html"

    @display(description="status", ordering="status", label=BADGES)
    def badge(self, model):
        return model.get_status_display()

    @admin.display(description="A, B, C from")
    def ranges(self, model):
        return f"{model.a_from}, {model.b_from}, {model.c_from}"

    @admin.display(description="rules")
    def rule_count(self, model):
        return model.rules__count

    def get_queryset(self, request):
        return super().get_queryset(request).annotate(Count("rules"))

    def get_inlines(self, request, obj):
        return [RuleInline, RequirementInline] if is_draft(obj) else [RuleTable, RequirementTable]

    def get_urls(self):
        cancel = path(
            "runs/<int:run_id>/cancel/", self.admin_site.admin_view(self.cancel_run), name="scoring_regraderun_cancel"
        )
        return [cancel, *super().get_urls()]

    def changelist_view(self, request, extra_context=None):
        return super().changelist_view(request, (extra_context or {}) | self._run(request))

    def changeform_view(self, request, object_id=None, form_url="", extra_context=None):
        model = self.get_object(request, unquote(object_id)) if object_id else None
        about = {"scoring_model": model, "points": model and possible_points(model), "badges": BADGES}
        return super().changeform_view(request, object_id, form_url, (extra_context or {}) | self._run(request) | about)

    def save_model(self, request, obj, form, change):
        if change:
            super().save_model(request, obj, form, change)
        else:
            start_draft(model=obj, by=request.user, now=timezone.now())

    def has_change_permission(self, request, obj=None):
        return super().has_change_permission(request, obj) and is_draft(obj)

    def has_delete_permission(self, request, obj=None):
        return super().has_delete_permission(request, obj) and is_draft(obj)

    def has_publish_permission(self, request, object_id=None):
        """The right to publish, and a draft to use it on."""
        return may_publish(request) and self._status(request, object_id) in {None, ModelStatus.DRAFT}

    def has_roll_back_permission(self, request, object_id=None):
        return may_publish(request) and self._status(request, object_id) in {None, ModelStatus.RETIRED}

    def has_copy_permission(self, request, object_id=None):
        return self.has_add_permission(request)

    @action(description="Publish", url_path="publish", icon="publish", permissions=["publish"])
    def publish(self, request, object_id):
        return self._confirmed(
            request,
            object_id,
            act=lambda model, now: publish_model(model=model, by=request.user, now=now),
            title="Publish",
            says="It replaces the version in force, never changes again, and everybody is graded anew by it.",
            done="{} is in force. Everybody is being graded anew.",
        )

    @action(description="Copy as draft", url_path="copy", icon="content_copy", permissions=["copy"])
    def copy_as_draft(self, request, object_id):
        return self._confirmed(
            request,
            object_id,
            act=lambda model, now: copy_model(model=model, by=request.user, now=now),
            title="Copy as draft",
            says="A new draft with the same rules, must-haves and ranges. Nobody's grade changes.",
            done="{} is a draft with the same rules.",
        )

    @action(description="Roll back to this", url_path="roll-back", icon="undo", permissions=["roll_back"])
    def roll_back_to(self, request, object_id):
        return self._confirmed(
            request,
            object_id,
            act=lambda model, now: roll_back(to=model, by=request.user, now=now),
            title="Roll back",
            says="A copy of it becomes the newest version and is put in force; everybody is graded anew by it.",
            done="{} is in force. Everybody is being graded anew.",
        )

    @method_decorator(require_POST)
    def cancel_run(self, request, run_id):
        if not may_publish(request):
            raise PermissionDenied
        run = get_object_or_404(RegradeRun, pk=run_id)
        if cancel_regrade(run=run, now=timezone.now()):
            self.message_user(request, "The regrade is cancelled. Who was graded already keeps the new grade.")
        return HttpResponseRedirect(reverse("admin:scoring_scoringmodel_changelist"))

    def _confirmed(self, request, object_id, *, act, title, says, done):
        """A page that asks on GET; on POST the act, and the page of the model it returns."""
        model = self.get_object(request, unquote(object_id))
        problems = []
        if request.method == "POST":
            try:
                # All of it or nothing, and the connection is fit for the page that says so.
                with transaction.atomic():
                    result = act(model, timezone.now())
            except ModelRefused as refused:
                problems = refused.problems
            except ValidationError as error:
                problems = error.messages
            except OperationalError as error:
                if not waited_too_long(error):
                    raise
                problems = ["A regrade is under way; try again in a minute. Nothing has changed."]
            else:
                self.log_change(request, result, title)
                self.message_user(request, done.format(result), level=messages.SUCCESS)
                return HttpResponseRedirect(reverse("admin:scoring_scoringmodel_change", args=[result.pk]))
        context = {"title": title, "says": says, "scoring_model": model, "problems": problems, "opts": self.opts}
        return TemplateResponse(request, "admin/scoring/confirm.html", self.admin_site.each_context(request) | context)

    def _run(self, request):
        return {"run": queries.unfinished_run(), "may_cancel": may_publish(request)}

    def _status(self, request, object_id):
        return object_id and self.get_object(request, unquote(object_id)).status


class QuestionInline(TabularInline):
    model = RatingQuestion
    extra = 0
    fields = ["position", "prompt", "field", "answers"]
    readonly_fields = ["answers"]

    @admin.display(description="answers, edited with the field")
    def answers(self, question):
        if not question.field_id:
            return "Those of the field."
        return ", ".join(answer.label for answer in question.field.answers.all() if not answer.retired_at)

    def get_queryset(self, request):
        return super().get_queryset(request).select_related("field").prefetch_related("field__answers")

    def formfield_for_foreignkey(self, db_field, request, **kwargs):
        field = super().formfield_for_foreignkey(db_field, request, **kwargs)
        if db_field.name == "field":
            field.queryset = field.queryset.exclude(dimension="")
        return field


@admin.register(QuestionSet)
class QuestionSetAdmin(RecordAdmin):
    """The questions both teams agreed to ask, one set of them."""

    list_display = ["name", "code"]
    inlines = [QuestionInline]

    def get_readonly_fields(self, request, obj=None):
        # Model files name a set by its code.
        return ["code"] if obj else []


def is_draft(model):
    return model is None or model.status == ModelStatus.DRAFT


def may_publish(request):
    return request.user.has_perm("scoring.publish_scoringmodel")


def waited_too_long(error):
    """Whether a database error only says that somebody else held the rows or the table for too long."""
    return error_code(error) in WAITED_TOO_LONG


def most_points(rule):
    """What a rule gives at most, or takes away: its cap where it has one, which lies on the side of its points."""
    if rule.cap is None:
        return rule.points
    return rule.cap if rule.points > 0 else -rule.cap


def possible_points(model):
    """The lowest and the highest total that the rules can add up to, if all that speak for it held at once."""
    totals = [most_points(rule) for rule in model.rules.all()]
    return {"lowest": sum(each for each in totals if each < 0), "highest": sum(each for each in totals if each > 0)}
