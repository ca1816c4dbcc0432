from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [("leads", "0015_words_become_codes")]

    operations = [migrations.RemoveField(model_name="fielddefinition", name="choices")]
