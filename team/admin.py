from django.contrib import admin
from django.contrib.auth.admin import UserAdmin as DjangoUserAdmin
from django.contrib.auth.models import Group
from django.core.exceptions import BadRequest
from django.db.models import Model
from django.forms.formsets import INITIAL_FORM_COUNT, TOTAL_FORM_COUNT
from django.http import Http404
from django.utils import timezone
from unfold.admin import ModelAdmin, TabularInline
from unfold.forms import AdminPasswordChangeForm, UserChangeForm, UserCreationForm
from unfold.widgets import UnfoldAdminCheckboxSelectMultipleWidget

from team.actions import announce_password_change
from team.forms import WorkingDaysField
from team.models import Absence, Pool, PoolMember, User, Workspace
from team.rules import can_change_account

# Roles are given to people on the page of the person; what a role may do is written in team.actions.
admin.site.unregister(Group)

ROW_COUNTS = (TOTAL_FORM_COUNT, INITIAL_FORM_COUNT)


class RecordAdmin(ModelAdmin):
    """The pages of the records of a model: one that is not there is a 404, whatever its id looks like.

    A form that says it has fewer than no rows is a 400: Django would check the rows of it as others than it saves.
    """

    def get_object(self, request, object_id, from_field=None) -> Model:
        found = super().get_object(request, object_id, from_field)
        if found is None:
            raise Http404(f"There is no {self.opts.verbose_name} {object_id}.")
        return found

    def get_formset_kwargs(self, request, obj, inline, prefix) -> dict:
        values = super().get_formset_kwargs(request, obj, inline, prefix)
        counts = [values["data"].get(f"{prefix}-{name}", "") for name in ROW_COUNTS] if "data" in values else []
        if any(count.strip().startswith("-") for count in counts):
            raise BadRequest("A number of rows is below zero.")
        return values


class NewUserForm(UserCreationForm):
    class Meta:
        model = User
        fields = ["email", "name"]

    def save(self, commit=True):
        self.instance.time_zone = Workspace.objects.current().time_zone
        return super().save(commit)


class ChangeUserForm(UserChangeForm):
    work_days = WorkingDaysField(widget=UnfoldAdminCheckboxSelectMultipleWidget)

    class Meta:
        model = User
        fields = "__all__"
        field_classes = {}


class ChangePasswordForm(AdminPasswordChangeForm):
    def save(self, commit=True):
        user = super().save(commit)
        announce_password_change(user=user, now=timezone.now())
        return user


class AbsenceInline(TabularInline):
    model = Absence
    extra = 0


class PoolMemberInline(TabularInline):
    model = PoolMember
    extra = 0
    verbose_name = "pool"
    verbose_name_plural = "pools"


@admin.register(User)
class UserAdmin(DjangoUserAdmin, RecordAdmin):
    """People leave by losing "may sign in", never by deletion: the histories name them."""

    form = ChangeUserForm
    add_form = NewUserForm
    change_password_form = ChangePasswordForm
    list_display = ["name", "email", "role_names", "capacity", "time_zone", "is_active"]
    list_filter = ["is_active", "groups", "pools"]
    search_fields = ["name", "email"]
    ordering = ["name", "pk"]
    filter_horizontal = []
    readonly_fields = ["last_login", "date_joined"]
    inlines = [PoolMemberInline, AbsenceInline]
    fieldsets = [
        (None, {"fields": ["email", "name", "password"]}),
        ("Role", {"fields": ["groups", "is_active", "is_staff", "is_superuser"]}),
        ("Work", {"fields": ["capacity", "time_zone", "work_days", "work_starts", "work_ends"]}),
        ("Preferences", {"fields": ["shortcuts", "theme"]}),
        ("Dates", {"fields": ["last_login", "date_joined"]}),
    ]
    add_fieldsets = [(None, {"fields": ["email", "name", "usable_password", "password1", "password2"]})]

    def get_queryset(self, request):
        return super().get_queryset(request).with_role_names()

    def get_readonly_fields(self, request, obj=None):
        # Only a superuser makes another.
        fields = super().get_readonly_fields(request, obj)
        return fields if request.user.is_superuser else [*fields, "is_superuser"]

    def get_inlines(self, request, obj):
        return super().get_inlines(request, obj) if obj else []

    def formfield_for_manytomany(self, db_field, request, **kwargs):
        field = super().formfield_for_manytomany(db_field, request, **kwargs)
        if db_field.name == "groups" and field is not None:
            field.label, field.help_text = "Roles", "What this person sees and does."
            field.widget.can_add_related = False
        return field

    def has_change_permission(self, request, obj=None):
        allowed = super().has_change_permission(request, obj)
        return allowed and (obj is None or can_change_account(request.user, obj))

    def has_delete_permission(self, request, obj=None):
        return False

    @admin.display(description="Roles")
    def role_names(self, user):
        return ", ".join(sorted(role.label for role in user.roles))


@admin.register(Pool)
class PoolAdmin(RecordAdmin):
    list_display = ["name", "code", "member_names"]
    inlines = [PoolMemberInline]

    def get_queryset(self, request):
        return super().get_queryset(request).prefetch_related("members")

    def get_readonly_fields(self, request, obj=None):
        return ["code"] if obj else []

    @admin.display(description="Members")
    def member_names(self, pool):
        return ", ".join(str(member) for member in pool.members.all())
