"""What the reader's roles allow, for what a page offers: `{% if user|may:"leads.add_lead" %}`."""

from django import template

from team import roles

register = template.Library()


@register.filter
def may(user, permission):
    return roles.may(user, permission)
