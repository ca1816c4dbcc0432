"""The program's addresses and one more: a page of the base template with nothing in it, what no page can do without."""

from django.http import HttpResponse
from django.template import engines
from django.urls import include, path

from web.access import allow

_EMPTY = '{% extends "base.html" %}{% block title %}Empty{% endblock %}'


@allow.everyone_signed_in
def empty(request):
    return HttpResponse(engines["django"].from_string(_EMPTY).render({}, request))


urlpatterns = [path("empty/", empty, name="empty"), path("", include("leadfunnel.urls"))]
