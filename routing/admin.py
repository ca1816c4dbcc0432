import json

from django import forms
from django.contrib import admin
from django.utils import timezone
from unfold.admin import TabularInline

from leads.conditions.widgets import ConditionField
from routing.actions import activate_policy, reroute
from routing.models import AssignmentRule, Handover, RoutingPolicy
from routing.words import end_words, why_words
from team.admin import RecordAdmin


class AssignmentRuleForm(forms.ModelForm):
    condition = ConditionField()

    class Meta:
        model = AssignmentRule
        fields = ["position", "name", "condition", "pool"]


class AssignmentRuleInline(TabularInline):
    model = AssignmentRule
    form = AssignmentRuleForm
    extra = 0


@admin.register(RoutingPolicy)
class RoutingPolicyAdmin(RecordAdmin):
    """Which policy is in force is changed by the action, because that also routes everybody anew."""

    list_display = ["name", "is_active", "side_a", "side_b", "side_c", "side_d", "default_pool"]
    readonly_fields = ["is_active"]
    inlines = [AssignmentRuleInline]
    actions = ["put_in_force"]

    @admin.action(description="Put the chosen policy in force", permissions=["change"])
    def put_in_force(self, request, queryset):
        if queryset.count() != 1:
            self.message_user(request, "Choose exactly one policy.", level="error")
            return
        policy = queryset.get()
        activate_policy(policy=policy, by=request.user, now=timezone.now())
        self.message_user(request, f"{policy} is in force; everybody is routed by it in the background.")

    def save_related(self, request, form, formsets, change):
        super().save_related(request, form, formsets, change)
        if form.instance.is_active and (form.has_changed() or any(formset.has_changed() for formset in formsets)):
            reroute(by=request.user, now=timezone.now())

    def has_delete_permission(self, request, obj=None):
        return super().has_delete_permission(request, obj) and not (obj and obj.is_active)


@admin.register(Handover)
class HandoverAdmin(RecordAdmin):
    """To read: a hand-over is evidence and changes only through what people do with the lead."""

    list_display = ["lead", "pool", "owner", "handed_at", "due_at", "accepted_at", "end", "ended_at"]
    list_filter = ["pool", "end"]
    list_select_related = ["lead", "pool", "owner"]
    show_full_result_count = False
    fields = [
        "lead",
        "pool",
        "owner",
        "chosen_because",
        "handed_at",
        "handed_by",
        "assigned_at",
        "due_at",
        "accepted_at",
        "first_touch_at",
        "end",
        "ended_at",
        "ended_by",
        "ended_because",
        "evidence",
    ]
    readonly_fields = fields

    @admin.display(description="why this rep")
    def chosen_because(self, handover):
        return why_words(handover.why, handover.why_facts)

    @admin.display(description="end reason")
    def ended_because(self, handover):
        return end_words(handover.end, handover.end_reason, handover.end_facts)

    @admin.display(description="receipt")
    def evidence(self, handover):
        return json.dumps(handover.receipt, indent=2, ensure_ascii=False)

    def has_add_permission(self, request):
        return False

    def has_change_permission(self, request, obj=None):
        return False

    def has_delete_permission(self, request, obj=None):
        return False
