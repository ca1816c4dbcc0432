import os
import sys

from django.core.management.base import BaseCommand, CommandError

from leads.csv_export import UnknownFields, lead_columns, lead_lines
from leads.models import Lead
from team.models import User

LINES_AT_ONCE = 500


class Command(BaseCommand):
    help = "Writes leads as CSV to standard output: all of them, or with --as those that person may see."

    def add_arguments(self, parser):
        parser.add_argument("--fields", help="Codes of fields, separated by commas; without it every field there is.")
        parser.add_argument("--as", dest="email", help="The e-mail address of the person whose leads are written.")

    def handle(self, *, fields, email, **options):
        leads = Lead.objects.all() if email is None else Lead.objects.visible_to(_user(email))
        codes = None if fields is None else list(dict.fromkeys(filter(None, map(str.strip, fields.split(",")))))
        if codes == []:
            raise CommandError("--fields names no field.", returncode=2)
        try:
            lines = lead_lines(leads, codes)
        except UnknownFields as error:
            known = ", ".join(column.code for column in lead_columns())
            raise CommandError(f"{error} Fields are: {known}.", returncode=2) from error
        try:
            for text in _joined(lines):
                self.stdout.write(text, ending="")
            self.stdout.flush()
        except BrokenPipeError:
            # The reader, such as head, has seen enough. Python would complain again when it flushes at its end.
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def _user(email):
    user = User.objects.with_role_names().filter(email=email.strip().lower()).first()
    if user is None:
        raise CommandError(f"Nobody has the address {email}.", returncode=2)
    if not user.is_active:
        raise CommandError(f"{email} may not sign in, and so sees nothing.", returncode=2)
    return user


def _joined(lines):
    """The lines, several at a time: a write each would cost more than the line."""
    batch = []
    for line in lines:
        batch.append(line)
        if len(batch) == LINES_AT_ONCE:
            yield "".join(batch)
            batch.clear()
    yield "".join(batch)
