from importlib import import_module

from django.db import migrations

SQUASHED = import_module("scoring.migrations.0001_squashed")


def seed(apps, schema_editor):
    definition = apps.get_model("leads", "FieldDefinition")
    question_set = apps.get_model("scoring", "QuestionSet")
    question = apps.get_model("scoring", "RatingQuestion")
    place = 10
    for (code, name), questions in SQUASHED.SETS.items():
        created = question_set.objects.create(code=code, name=name)
        for position, (field_code, label, prompt, answers) in enumerate(questions, 1):
            field, _ = definition.objects.get_or_create(
                code=field_code,
                defaults={
                    "label": label,
                    "type": "choice",
                    "choices": answers,
                    "dimension": field_code,
                    "position": place + position,
                },
            )
            question.objects.create(question_set=created, field=field, prompt=prompt, position=position)
        place += 10


class Migration(migrations.Migration):
    dependencies = [("scoring", "0002_published_versions_never_change"), ("leads", "0003_stage_definitions")]

    operations = [migrations.RunPython(seed, migrations.RunPython.noop)]
