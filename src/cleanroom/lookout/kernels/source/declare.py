"""`@kernel` names a function that is compiled for callers outside; `inline` one that kernels call."""

from collections.abc import Callable

from numba import njit, types
from numba.extending import intrinsic

from cleanroom.lookout.kernels.signature import Signature, parse

KERNELS: dict[str, tuple[Callable, Signature]] = {}

inline = njit(error_model="numpy", boundscheck=False, nogil=True)


def kernel(signature: str) -> Callable[[Callable], Callable]:
    """Registers under the function's own name; two of one name are a mistake."""

    def register(function: Callable) -> Callable:
        if function.__name__ in KERNELS:
            raise ValueError(f"two kernels are called {function.__name__}")
        KERNELS[function.__name__] = (function, parse(signature))
        return function

    return register


def _pointer_at(pointed: types.Type):
    """An array by its address in a table of int64: a kernel over many arrays takes one table instead of each."""

    @intrinsic
    def at(typing_context, address):
        def generate(context, builder, signature, arguments):
            return builder.inttoptr(arguments[0], context.get_value_type(signature.return_type))

        return types.CPointer(pointed)(types.int64), generate

    return at


u8_at = _pointer_at(types.uint8)
u32_at = _pointer_at(types.uint32)
i64_at = _pointer_at(types.int64)
f32_at = _pointer_at(types.float32)
f64_at = _pointer_at(types.float64)
