import json
from pathlib import Path

from django.core.exceptions import ValidationError
from django.core.management.base import BaseCommand, CommandError
from django.db import transaction
from django.utils import timezone

from leads.foreign_json import ForeignJSON
from scoring.actions import load_model, publish_model
from scoring.rules import ModelRefused


class Command(BaseCommand):
    help = "Loads a scoring model from a JSON file (docs/scoring.md) as a draft, or publishes it at once."

    def add_arguments(self, parser):
        parser.add_argument("file", type=Path)
        parser.add_argument("--publish", action="store_true", help="put it in force and regrade everybody")

    def handle(self, *, file, publish, **options):
        data = read_model_file(file)
        try:
            with transaction.atomic():
                model = load_model(data=data, by=None, now=timezone.now())
                if publish:
                    model = publish_model(model=model, by=None, now=timezone.now())
        except ModelRefused as refused:
            raise CommandError("\n".join(map(str, refused.problems)), returncode=2) from refused
        except ValidationError as error:
            raise CommandError("\n".join(error.messages), returncode=2) from error
        self.stdout.write(f"{model} is {model.get_status_display().lower()}.")


def read_model_file(file):
    """The parsed JSON; CommandError with exit code 2 for what ForeignJSON refuses."""
    try:
        return json.loads(file.read_text(encoding="utf-8-sig"), cls=ForeignJSON)
    except OSError as error:
        raise CommandError(f"{file}: {error.strerror}", returncode=2) from error
    except ValueError as error:
        raise CommandError(f"{file}: {error}", returncode=2) from error
