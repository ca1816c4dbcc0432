import json
import time

from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from routing.actions import RunCancelled, Settled, regrade_everybody, settle_marked


class Command(BaseCommand):
    help = "Scores, grades and routes the leads marked as changed, or everybody. The last line is one JSON object."

    def add_arguments(self, parser):
        parser.add_argument("--all", action="store_true", help="everybody, not only what has changed")

    def handle(self, *args, **options):
        begin = time.monotonic()
        try:
            done = (
                regrade_everybody(now=timezone.now()) if options["all"] else self._settle_marked(options["verbosity"])
            )
        except RunCancelled as cancelled:
            raise CommandError(str(cancelled)) from cancelled
        seconds = round(time.monotonic() - begin, 3)
        self.stdout.write(json.dumps({"leads": done.leads, "changed": done.changed, "seconds": seconds}))

    def _settle_marked(self, verbosity):
        done = Settled()
        while (settled := settle_marked(now=timezone.now())).leads:
            done += settled
            if verbosity > 1:
                self.stdout.write(f"{done.leads:,} leads done")
        return done
