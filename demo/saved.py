"""Lead lists that the demo's people have saved."""

from leads.models import Source
from team.models import User
from web.models import SavedView

# Who, name, filters, whether everybody may use it.
VIEWS = (
    ("rita.rep", "My A leads", "owner={rita}&grade=A&sort=best", False),
    ("max.manager", "A leads with sales", "side=sales&grade=A&sort=best", True),
    ("max.manager", "Deals that are open", "stage=prospect&disposition=open", True),
    ("mona.marketer", "Referrals", "source={referral}&sort=newest", True),
    ("mona.marketer", "Back to nurture", "disposition=recycled&col=grade&col=score&col=campaign&col=changed_at", False),
)


def save_views():
    """Writes the views; people and sources are there already."""
    users = {user.email.split("@")[0]: user for user in User.objects.all()}
    named = {"rita": users["rita.rep"].pk, "referral": Source.objects.get(code="referral").pk}
    SavedView.objects.bulk_create(
        SavedView(user=users[login], name=name, query=query.format(**named), is_shared=shared)
        for login, name, query, shared in VIEWS
    )
