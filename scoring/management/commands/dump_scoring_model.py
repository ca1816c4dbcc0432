import json

from django.core.management.base import BaseCommand, CommandError

from scoring.actions import dump_model
from scoring.models import ScoringModel
from scoring.queries import published_model


class Command(BaseCommand):
    help = "Prints the published scoring model, or the given version, as JSON that load_scoring_model takes."

    def create_parser(self, prog_name, subcommand, **kwargs):
        # --version means the model's here, not Django's.
        return super().create_parser(prog_name, subcommand, conflict_handler="resolve", **kwargs)

    def add_arguments(self, parser):
        parser.add_argument("--version", type=int, dest="number", metavar="N", help="not the one in force")

    def handle(self, *, number, **options):
        model = published_model() if number is None else ScoringModel.objects.filter(version=number).first()
        if model is None:
            raise CommandError("No scoring model is published." if number is None else f"There is no version {number}.")
        self.stdout.write(json.dumps(dump_model(model), indent=2, ensure_ascii=False))
