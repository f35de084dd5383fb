"""Parquet files that are encrypted by Parquet's own means (modular encryption), with the footer or without."""

import base64
import io

import pyarrow as pa
import pyarrow.parquet as pq
import pyarrow.parquet.encryption as pe


class _Kms(pe.KmsClient):
    """Wraps nothing: the file only has to be encrypted."""

    def wrap_key(self, key_bytes, master_key_identifier):
        return base64.b64encode(key_bytes)

    def unwrap_key(self, wrapped_key, master_key_identifier):
        return base64.b64decode(wrapped_key)


def encrypted_parquet(rows: pa.Table, *, plain_footer: bool, columns: list[str] | None = None) -> bytes:
    """`columns`: those that are encrypted, None for all."""
    factory = pe.CryptoFactory(lambda config: _Kms())
    named = pe.EncryptionConfiguration(
        "footer", column_keys={"key": columns or rows.column_names}, plaintext_footer=plain_footer
    )
    properties = factory.file_encryption_properties(pe.KmsConnectionConfig(), named)
    sink = io.BytesIO()
    with pq.ParquetWriter(sink, rows.schema, encryption_properties=properties, compression="zstd") as writer:
        writer.write_table(rows)
    return sink.getvalue()
