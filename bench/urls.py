"""The addresses of the pages and one more: a page with nothing in it but the base template, which no page can avoid."""

from django.http import HttpResponse
from django.template import engines
from django.urls import include, path

from web.access import allow

_EMPTY = '{% extends "base.html" %}{% block title %}Empty{% endblock %}'


@allow.everyone_signed_in
def empty(request):
    return HttpResponse(engines["django"].from_string(_EMPTY).render({}, request))


urlpatterns = [path("empty/", empty, name="empty"), path("", include("web.urls"))]
