from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from demo.fill import NotEmpty, fill_demo

FEWEST, MOST = 100, 1_000_000


class Command(BaseCommand):
    help = "Fills an empty database with invented people, companies and two years of histories."

    def add_arguments(self, parser):
        parser.add_argument("--leads", type=int, default=2000, help="how many leads (default 2,000)")

    def handle(self, *, leads, **options):
        if not FEWEST <= leads <= MOST:
            raise CommandError(f"--leads takes a number from {FEWEST} to {MOST:,}.")
        try:
            fill_demo(leads=leads, now=timezone.now())
        except NotEmpty as error:
            raise CommandError(f"{error} Nothing was changed.") from error
        self.stdout.write(f"The demo with {leads:,} leads is ready.")
