from django.urls import include, path

from web import home
from web.operations import mail

app_name = "web"

urlpatterns = [
    path("", home.home, name="home"),
    path("", include("web.accounts_urls")),
    path("mail/", mail.mail_list, name="mail-list"),
    path("mail/<slug:name>/", mail.mail_detail, name="mail-detail"),
]
