from django.db import migrations


def seed(apps, schema_editor):
    """The two presets of the literature; A and B to sales is the one in force."""
    pool = apps.get_model("team", "Pool").objects.create(code="sales", name="Sales")
    policy = apps.get_model("routing", "RoutingPolicy")
    policy.objects.create(name="A and B to sales, C and D to marketing", is_active=True, default_pool=pool)
    policy.objects.create(name="A to sales, the rest nurtured", side_b="marketing", default_pool=pool)


class Migration(migrations.Migration):
    dependencies = [("routing", "0002_handovers_never_overlap"), ("team", "0001_people")]

    operations = [migrations.RunPython(seed, migrations.RunPython.noop)]
