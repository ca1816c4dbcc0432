"""The account pages; web.urls includes them."""

from django.urls import path

from web import accounts

urlpatterns = [
    path("sign-in/", accounts.sign_in, name="sign-in"),
    path("sign-out/", accounts.sign_out, name="sign-out"),
    path("password/", accounts.password_change, name="password-change"),
    path("password/reset/", accounts.password_reset, name="password-reset"),
    path("password/reset/sent/", accounts.password_reset_sent, name="password-reset-sent"),
    path("password/reset/<str:uid>/<str:token>/", accounts.password_reset_confirm, name="password-reset-confirm"),
]
