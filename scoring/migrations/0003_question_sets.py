from django.db import migrations

# Set: questions in order, each with its field, its dimension and the answers from best to worst.
SETS = {
    ("btd", "BTD: budget, timeframe, decision-maker"): [
        ("budget", "Budget", "Is there a budget?", ["Approved", "Planned", "Not yet", "No budget"]),
        (
            "timeframe",
            "Timeframe",
            "When is it to be decided?",
            ["Within 3 months", "3 to 6 months", "6 to 12 months", "Later or never"],
        ),
        (
            "decision_maker",
            "Decision-maker",
            "What part in the decision?",
            ["Decides", "Decides with others", "Recommends", "No part in it"],
        ),
    ],
    ("man", "MAN: money, authority, need"): [
        ("money", "Money", "Is there money for it?", ["Available", "Can be found", "None"]),
        ("authority", "Authority", "Who can say yes?", ["This person", "This person and others", "Somebody else"]),
        ("need", "Need", "How pressing is the need?", ["Urgent", "Clear", "Vague", "None"]),
    ],
}


def seed(apps, schema_editor):
    definition = apps.get_model("leads", "FieldDefinition")
    question_set = apps.get_model("scoring", "QuestionSet")
    question = apps.get_model("scoring", "RatingQuestion")
    place = 10
    for (code, name), questions in SETS.items():
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
