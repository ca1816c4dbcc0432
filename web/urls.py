from django.urls import include, path

from web import home
from web.leads import bulk, composer, detail, edits, lists, saved
from web.me import views as me
from web.operations import conditions, mail, status
from web.sales import queue, work

app_name = "web"

urlpatterns = [
    path("", home.home, name="home"),
    path("", include("web.accounts_urls")),
    path("queue/", queue.queue, name="queue"),
    path("queue/accept/", queue.queue_accept, name="queue-accept"),
    path("work/", work.work, name="work"),
    path("work/<int:pk>/", work.work_lead, name="work-lead"),
    path("work/<int:pk>/outcome/", work.work_outcome, name="work-outcome"),
    path("leads/", lists.lead_list, name="lead-list"),
    path("leads/new/", edits.lead_new, name="lead-new"),
    path("leads/export/", lists.lead_export, name="lead-export"),
    path("leads/assign/", bulk.lead_assign, name="lead-assign"),
    path("leads/assign/undo/", bulk.assign_undo, name="assign-undo"),
    path("leads/views/", saved.view_save, name="view-save"),
    path("leads/views/<int:pk>/delete/", saved.view_delete, name="view-delete"),
    path("leads/<int:pk>/", detail.lead_detail, name="lead-detail"),
    path("leads/<int:pk>/edit/", edits.lead_edit, name="lead-edit"),
    path("leads/<int:pk>/log/", composer.lead_log, name="lead-log"),
    path("leads/<int:pk>/tasks/", composer.task_add, name="task-add"),
    path("leads/<int:pk>/tasks/<int:task_pk>/done/", composer.task_done, name="task-done"),
    path("leads/<int:pk>/accept/", composer.lead_accept, name="lead-accept"),
    path("leads/<int:pk>/return/", composer.lead_return, name="lead-return"),
    path("leads/<int:pk>/reject/", composer.lead_reject, name="lead-reject"),
    path("profile/", me.profile, name="profile"),
    path("profile/absences/", me.absence_add, name="absence-add"),
    path("profile/absences/<int:pk>/delete/", me.absence_delete, name="absence-delete"),
    path("conditions/check/", conditions.condition_check, name="condition-check"),
    path("status/", status.status, name="status"),
    path("mail/", mail.mail_list, name="mail-list"),
    path("mail/<slug:name>/", mail.mail_detail, name="mail-detail"),
]
