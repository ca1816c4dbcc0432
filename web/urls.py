from django.urls import path

from web import home
from web.leads import bulk, detail, edits, lists, other_keys, saved, stages
from web.marketing import imports
from web.me import notices
from web.me import views as me
from web.operations import answers, conditions, mail, status, workspace
from web.public import accounts
from web.sales import composer, queue, work

app_name = "web"

urlpatterns = [
    path("", home.home, name="home"),
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
    path("leads/<int:pk>/keys/", other_keys.key_add, name="key-add"),
    path("leads/<int:pk>/keys/<int:key_pk>/main/", other_keys.key_main, name="key-main"),
    path("leads/<int:pk>/keys/<int:key_pk>/drop/", other_keys.key_drop, name="key-drop"),
    path("leads/<int:pk>/tasks/", composer.task_add, name="task-add"),
    path("leads/<int:pk>/tasks/<int:task_pk>/done/", composer.task_done, name="task-done"),
    path("leads/<int:pk>/accept/", composer.lead_accept, name="lead-accept"),
    path("leads/<int:pk>/stage/", stages.lead_stage, name="lead-stage"),
    path("leads/<int:pk>/return/", composer.lead_return, name="lead-return"),
    path("leads/<int:pk>/reject/", composer.lead_reject, name="lead-reject"),
    path("imports/", imports.import_list, name="import-list"),
    path("imports/new/", imports.import_new, name="import-new"),
    path("imports/<int:pk>/", imports.import_detail, name="import-detail"),
    path("imports/<int:pk>/map/", imports.import_map, name="import-map"),
    path("imports/<int:pk>/start/", imports.import_start, name="import-start"),
    path("imports/<int:pk>/discard/", imports.import_discard, name="import-discard"),
    path("imports/<int:pk>/problems.csv", imports.import_errors, name="import-errors"),
    path("imports/<int:pk>/<slug:change>/", imports.import_change, name="import-change"),
    path("notices/", notices.notice_list, name="notice-list"),
    path("notices/bell/", notices.notice_bell, name="notice-bell"),
    path("notices/read/", notices.notice_read_all, name="notice-read-all"),
    path("notices/unread/", notices.notice_unread, name="notice-unread"),
    path("notices/<int:pk>/open/", notices.notice_open, name="notice-open"),
    path("profile/notices/", me.mail_wish, name="mail-wish"),
    path("profile/", me.profile, name="profile"),
    path("profile/absences/", me.absence_add, name="absence-add"),
    path("profile/absences/<int:pk>/delete/", me.absence_delete, name="absence-delete"),
    path("conditions/check/", conditions.condition_check, name="condition-check"),
    path("status/", status.status, name="status"),
    path("status/retry/", status.status_retry, name="status-retry"),
    path("answers/", answers.answer_fields, name="answer-fields"),
    path("answers/<slug:code>/", answers.answer_list, name="answer-list"),
    path("answers/<slug:code>/add/", answers.answer_add, name="answer-add"),
    path("answers/<slug:code>/<slug:answer>/<slug:change>/", answers.answer_change, name="answer-change"),
    path("workspace/", workspace.workspace, name="workspace"),
    path("mail/", mail.mail_list, name="mail-list"),
    path("mail/<slug:name>/", mail.mail_detail, name="mail-detail"),
    path("sign-in/", accounts.sign_in, name="sign-in"),
    path("sign-out/", accounts.sign_out, name="sign-out"),
    path("password/", accounts.password_change, name="password-change"),
    path("password/reset/", accounts.password_reset, name="password-reset"),
    path("password/reset/sent/", accounts.password_reset_sent, name="password-reset-sent"),
    path("password/reset/<str:uid>/<str:token>/", accounts.password_reset_confirm, name="password-reset-confirm"),
]
