import sys

from django.core.management.base import BaseCommand

from insights.invariants import check_all


class Command(BaseCommand):
    help = "Checks what has to be true of the data at every moment: a line each, exit 1 when one is broken."

    def handle(self, **options):
        broken = 0
        for finding in check_all():
            invariant = finding.invariant
            if not finding.count:
                self.stdout.write(f"{invariant.code:<4}ok      {invariant.says}")
                continue
            broken += 1
            examples = ", ".join(map(str, finding.examples))
            self.stdout.write(
                f"{invariant.code:<4}BROKEN  {invariant.says} "
                f"Broken by {finding.count:,} {invariant.what}, such as {examples}."
            )
        if broken:
            sys.exit(1)
