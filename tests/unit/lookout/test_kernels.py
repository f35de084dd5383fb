"""Compiling, keeping and loading kernels."""

import numpy as np
import pytest

from cleanroom.errors import SettingsInvalid
from cleanroom.lookout.kernels.loading import kept_in, kernels
from cleanroom.lookout.kernels.signature import parse

VALUES = np.array([2, 3, 5, 8], dtype=np.int64)


def test_a_kernel_reads_an_array_by_pointer():
    assert kernels("probing").probe_search(VALUES, len(VALUES), 4) == 2


def test_a_kernel_reads_an_array_by_a_table_of_addresses():
    addresses = np.array([VALUES.ctypes.data], dtype=np.int64)
    assert kernels("probing").probe_table(addresses, len(VALUES)) == 18


def test_a_wrong_dtype_is_refused_before_the_call():
    with pytest.raises(TypeError, match="probe_search: argument 0 must be a contiguous array of int64"):
        kernels("probing").probe_search(VALUES.astype(np.int32), len(VALUES), 4)


def test_a_strided_array_is_refused():
    with pytest.raises(TypeError):
        kernels("probing").probe_search(VALUES[::2], 2, 4)


def test_an_unknown_kernel_is_named():
    with pytest.raises(AttributeError, match="no kernel is called nothing"):
        kernels("probing").nothing()


def test_a_folder_that_others_may_write_to_is_refused(tmp_path, monkeypatch):
    tmp_path.chmod(0o777)
    monkeypatch.setenv("CLEANROOM_KERNELS", str(tmp_path))
    with pytest.raises(SettingsInvalid, match="others may write"):
        kept_in("probing")


@pytest.mark.parametrize("text", ["i64(u32)", "u32(i64)", "i64(str*)", "i64 u32*", "void()"])
def test_a_broken_signature_is_refused(text):
    with pytest.raises(ValueError):
        parse(text)


def test_a_kernel_may_call_what_the_compiler_takes_from_c():
    values = np.arange(5_000, dtype=np.int64)
    kernels("probing").probe_clear(values, len(values))
    assert not values.any()
