from django.db import migrations

# In one transaction, and with the old table locked: what waits is in one of the two tables at every moment. A mail that
# had been given up is put aside. Its claim is forgotten, so that one under way may come twice.
MOVE = """
LOCK TABLE team_accountmail IN ACCESS EXCLUSIVE MODE;
INSERT INTO mail_message (kind, recipient, subject, text, requester, created_at, done_at, attempts, put_aside_at, failure)
SELECT 'account.' || kind, email, '', '', requester, requested_at, done_at,
       CASE WHEN done_at IS NULL THEN attempts ELSE 0 END,
       CASE WHEN done_at IS NULL AND attempts >= 5 THEN claimed_at END,
       CASE WHEN done_at IS NULL AND attempts >= 5 THEN 'The mail server did not take it.' ELSE '' END
FROM team_accountmail ORDER BY requested_at, id
"""
MOVE_BACK = """
LOCK TABLE mail_message IN ACCESS EXCLUSIVE MODE;
INSERT INTO team_accountmail (kind, email, requester, requested_at, attempts, claimed_at, done_at)
SELECT substr(kind, 9), recipient, requester, created_at, least(attempts, 5), put_aside_at, done_at
FROM mail_message WHERE kind IN ('account.reset', 'account.changed') ORDER BY created_at, id;
DELETE FROM mail_message WHERE kind IN ('account.reset', 'account.changed')
"""


class Migration(migrations.Migration):
    dependencies = [
        ("mail", "0001_messages"),
        ("team", "0002_account_mail"),
    ]

    operations = [
        migrations.RunSQL(MOVE, MOVE_BACK),
        migrations.DeleteModel(
            name="AccountMail",
        ),
    ]
