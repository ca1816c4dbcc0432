"""What is larger than a route takes is refused before a byte of it is read: nothing in memory, nothing on disk."""

import io

import pytest
from django.core.files import uploadhandler
from django.test import Client
from django.urls import reverse

from tests.architecture.routes import all_routes
from web.middleware import ANONYMOUS_MAX_BYTES

MULTIPART = "multipart/form-data; boundary=x"
PATHS = sorted({route.path for route in all_routes()})
HEAD = b'--x\r\nContent-Disposition: form-data; name="f"; filename="f.csv"\r\n\r\nEmail\r\n'


class Body(io.BytesIO):
    """Counts what is read of it."""

    taken = 0

    def read(self, *size):
        data = super().read(*size)
        self.taken += len(data)
        return data


def send(client, path, size, content_type=MULTIPART):
    body = Body(HEAD + b"a" * (size - len(HEAD)))
    answer = client.generic("POST", path, b"", content_type, **{"wsgi.input": body, "CONTENT_LENGTH": str(size)})
    return answer, body.taken


@pytest.fixture(autouse=True)
def _no_files(monkeypatch):
    def refuse(*args, **kwargs):
        raise AssertionError("a file was begun on disk")

    monkeypatch.setattr(uploadhandler, "TemporaryUploadedFile", refuse)


@pytest.mark.parametrize("path", PATHS)
@pytest.mark.parametrize("content_type", [MULTIPART, "application/x-www-form-urlencoded", "application/json"])
def test_nothing_large_of_a_stranger_is_read_whatever_it_is_sent_to(db, path, content_type):
    for client in (Client(), Client(enforce_csrf_checks=True)):
        answer, taken = send(client, path, ANONYMOUS_MAX_BYTES + 1, content_type)
        assert taken == 0
        assert answer.status_code in {413, 404}


def test_what_is_refused_is_told_calmly(client, db):
    answer, _ = send(client, reverse("web:sign-in"), 10**9)
    assert answer.status_code == 413
    assert "at most 16.0" in answer.content.decode()


@pytest.mark.parametrize("announced", ["-1", "1e9", "\u00b2", "9" * 5000, "0x10"])
def test_a_length_that_is_none_is_refused(client, db, announced):
    answer = client.generic("POST", reverse("web:sign-in"), b"", MULTIPART, CONTENT_LENGTH=announced)
    assert answer.status_code == 413


def test_only_who_may_import_sends_a_file_and_only_there(cast, client, settings):
    settings.UPLOAD_MAX_BYTES = 8 * 1024 * 1024
    form, size = settings.DATA_UPLOAD_MAX_MEMORY_SIZE, settings.UPLOAD_MAX_BYTES
    upload, elsewhere = reverse("web:import-new"), reverse("web:lead-new")
    for user, path, most in (
        (cast.mia, upload, form + size),
        (cast.ann, upload, form + size),
        (cast.ben, upload, form),
        (cast.mia, elsewhere, form),
        (cast.ann, reverse("admin:leads_source_add"), form),
    ):
        client.force_login(user)
        answer, taken = send(client, path, most + 1)
        assert (answer.status_code, taken) == (413, 0), (user, path)


def test_a_form_of_usual_size_passes(cast, client):
    answer = client.post(reverse("web:sign-in"), {"username": cast.ben.email, "password": "x" * 900})
    assert answer.status_code == 200
