"""Open the object store that the settings name."""

from pathlib import Path

from cleanroom.errors import SettingsInvalid
from cleanroom.stores.objects_local import LocalObjectStore
from cleanroom.stores.ports import ObjectStore

_GCS = "gs://"


def open_object_store(url: str, local_dir: Path | None, *, ca_file: Path | None = None) -> ObjectStore:
    """`url`: "" for the folder `local_dir`, or "gs://BUCKET". `ca_file`: a certificate authority of one's own (PEM)."""
    if url.startswith(_GCS):
        # Only where it is used: an institution on the embedded default needs no Google client.
        try:
            from cleanroom.stores.objects_gcs import GcsObjectStore
        except ImportError:
            raise SettingsInvalid(
                "Google Cloud Storage needs more packages: pip install 'financial-clean-room[gcs]'",
                zh="使用 Google Cloud Storage 須另裝套件：pip install 'financial-clean-room[gcs]'",
            ) from None

        return GcsObjectStore.connect(url.removeprefix(_GCS), ca_file=ca_file)
    if url:
        raise SettingsInvalid(
            "the object store must be empty (local folder) or gs://BUCKET",
            zh="物件儲存須為空白（本機資料夾）或 gs://BUCKET",
        )
    if local_dir is None:
        raise SettingsInvalid(
            "the local object store has no folder; set CLEANROOM_HOME",
            zh="本機物件儲存未指定資料夾；請設定 CLEANROOM_HOME",
        )
    return LocalObjectStore(local_dir)
