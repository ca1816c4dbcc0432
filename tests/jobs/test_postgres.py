import threading

import pytest
from django.db import IntegrityError, OperationalError, connection, transaction

from jobs.postgres import FLEETING, SOMEBODY_WAS_FIRST, ErrorCode, Lock, error_code, take_lock
from team.models import Pool


@pytest.mark.django_db
def test_an_error_of_the_server_has_its_code():
    with pytest.raises(IntegrityError) as caught, transaction.atomic():
        Pool.objects.bulk_create([Pool(code="twice"), Pool(code="twice")])
    assert error_code(caught.value) == ErrorCode.UNIQUE_VIOLATION
    assert error_code(caught.value) in FLEETING
    assert error_code(OperationalError("The connection is closed.")) is None


def test_a_lock_is_held_until_the_transaction_ends(committed):
    with transaction.atomic():
        take_lock(Lock.NEWCOMERS)
        assert [_is_refused(lock) for lock in (Lock.NEWCOMERS, Lock.IMPORTS)] == [True, False]
    assert _is_refused(Lock.NEWCOMERS) is False


def _is_refused(lock):
    """Whether another connection has to wait for it."""
    refused = []

    def attempt():
        try:
            with transaction.atomic(), connection.cursor() as cursor:
                cursor.execute("SET LOCAL lock_timeout = '100ms'")
                take_lock(lock)
                refused.append(False)
        except OperationalError as error:
            refused.append(error_code(error) in SOMEBODY_WAS_FIRST)
        finally:
            connection.close()

    thread = threading.Thread(target=attempt)
    thread.start()
    thread.join()
    return refused[0]
