"""The portal's settings for tests: as they are, but for the hash of passwords, which is made to be slow."""

from portal.config.settings import *  # noqa: F403  all of them

PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
