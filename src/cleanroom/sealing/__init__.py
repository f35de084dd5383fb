"""Sealing, at the institution: read, check, hash once, encrypt, sign. No row leaves in clear."""
