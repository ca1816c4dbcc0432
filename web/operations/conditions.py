"""What the condition editor shows as one edits: the condition in English, and how many leads meet it."""

from django import forms
from django.db import OperationalError, connection, transaction
from django.http import JsonResponse
from django.utils import timezone
from django.views.decorators.http import require_POST

from jobs.postgres import ErrorCode, error_code
from leads.conditions import Vocabulary, describe, matching
from leads.conditions.widgets import ConditionField
from leads.models import Lead
from leads.queries import capped_count
from web.access import allow

COUNTED = 10_000


class CheckForm(forms.Form):
    condition = ConditionField(required=False)


@require_POST
@allow.whoever_may("leads.write_condition")
def condition_check(request):
    """{"says": English, "count": number as text}, both "" for no condition, or {"problem": what is wrong with it}.

    Counted are the leads that the reader may see; "" where that takes too long.
    """
    form = CheckForm(request.POST)
    if not form.is_valid():
        # No error of the request: half a condition is what one has while editing.
        return JsonResponse({"problem": " ".join(form.errors["condition"])})
    tree = form.cleaned_data["condition"]
    if tree is None:
        return JsonResponse({"says": "", "count": ""})
    vocabulary = Vocabulary.load()
    leads = matching(Lead.objects.visible_to(request.user), tree, now=timezone.now(), vocabulary=vocabulary)
    return JsonResponse({"says": describe(tree, vocabulary), "count": _counted(leads)})


def _counted(leads):
    try:
        with transaction.atomic(), connection.cursor() as cursor:
            # Somebody who types asks again in a moment: an answer that takes long is worth nothing.
            cursor.execute("SET LOCAL statement_timeout = '2s'")
            return str(capped_count(leads, COUNTED))
    except OperationalError as error:
        if error_code(error) != ErrorCode.QUERY_CANCELED:
            raise
        return ""
