"""Intake, in the clean room: verify, open, hash a second time, land. Nothing unsigned is decrypted."""
