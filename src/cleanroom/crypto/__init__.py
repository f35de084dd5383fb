"""Identifiers, keyed hashes, envelopes, signatures, handles and the key rings that hold their keys."""
