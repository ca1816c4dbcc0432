from django.contrib import admin
from django.urls import include, path

from web.public import accounts

# /healthz and /readyz are answered by leadfunnel.health before any route.
urlpatterns = [
    # The admin has no sign-in of its own: there is one way in, with one limit.
    path("admin/login/", accounts.admin_sign_in, name="admin-sign-in"),
    path("admin/logout/", accounts.sign_out, name="admin-sign-out"),
    path("admin/password_change/", accounts.password_change, name="admin-password-change"),
    path("admin/", admin.site.urls),
    path("", include("web.urls")),
]
