"""The settings of the test suite: its own embedded servers under VAR/test, cheap password hashes, no sign-in delay."""

import os

from leadfunnel.appliance import embedded
from leadfunnel.environment import Environment, read_environment

for _name in ("DATABASE_URL", "REDIS_URL", "EMAIL_URL", "LEADFUNNEL_MODE", "SECRET_KEY"):
    os.environ.pop(_name, None)
if "LEADFUNNEL_TEST_VAR" not in os.environ:
    os.environ["LEADFUNNEL_TEST_VAR"] = str(read_environment().leadfunnel_var / "test")
os.environ["LEADFUNNEL_VAR"] = os.environ["LEADFUNNEL_TEST_VAR"]
embedded.ensure(Environment())

from leadfunnel.settings import *  # noqa: E402, F403 (the servers have to run before their addresses are read)

PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
