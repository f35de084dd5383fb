"""Ask for memory before it is needed: a walk jumps about in arrays that no cache holds."""

from llvmlite import ir
from numba import types
from numba.core import cgutils
from numba.extending import intrinsic

_READ, _KEEP, _DATA = 0, 3, 1


@intrinsic
def prefetch(typing_context, pointer, place):
    """The cache line of `pointer[place]`. A hint: a place outside of the array is harmless."""

    def generate(context, builder, signature, arguments):
        base, index = arguments
        byte, number = ir.IntType(8).as_pointer(), ir.IntType(32)
        address = builder.bitcast(builder.gep(base, [index]), byte)
        kind = ir.FunctionType(ir.VoidType(), [byte, number, number, number])
        hint = cgutils.get_or_insert_function(builder.module, kind, "llvm.prefetch.p0i8")
        builder.call(hint, [address, number(_READ), number(_KEEP), number(_DATA)])
        return context.get_dummy_value()

    return types.void(pointer, types.int64), generate
