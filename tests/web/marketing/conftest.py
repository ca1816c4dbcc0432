"""The pages of imports are tried with the files of the import itself."""

from tests.capture.importing.conftest import _media, bring, write

__all__ = ["_media", "bring", "write"]
