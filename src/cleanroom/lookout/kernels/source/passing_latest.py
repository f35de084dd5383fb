"""When a walk last came to an account, per layer: a row of eight moments, one cache line, all worked on at once."""

from llvmlite import ir
from numba import types
from numba.extending import intrinsic

ROW = 8

_BITS, _LINE = ir.IntType(ROW), 64
_WIDE = ir.VectorType(ir.IntType(64), ROW)


@intrinsic
def not_before(typing_context, latest, row, since):
    """Bit k: the moment at place k of the row at `latest[row]` is `since` or later."""

    def generate(context, builder, signature, arguments):
        latest, row, since = arguments
        moments = builder.load(_whole(builder, latest, row), align=_LINE)
        late = builder.icmp_signed(">=", moments, _everywhere(builder, since))
        return builder.zext(builder.bitcast(late, _BITS), ir.IntType(64))

    return types.int64(latest, types.int64, types.int64), generate


@intrinsic
def put_down(typing_context, latest, row, layers, moment):
    """The moment, at each place k of the row at `latest[row]` whose bit in `layers` is set."""

    def generate(context, builder, signature, arguments):
        latest, row, layers, moment = arguments
        place = _whole(builder, latest, row)
        chosen = builder.bitcast(builder.trunc(layers, _BITS), ir.VectorType(ir.IntType(1), ROW))
        known = builder.load(place, align=_LINE)
        builder.store(builder.select(chosen, _everywhere(builder, moment), known), place, align=_LINE)
        return context.get_dummy_value()

    return types.void(latest, types.int64, types.int64, types.int64), generate


def _whole(builder, latest, row):
    return builder.bitcast(builder.gep(latest, [row]), _WIDE.as_pointer())


def _everywhere(builder, moment):
    one = builder.insert_element(ir.Constant(_WIDE, ir.Undefined), moment, ir.IntType(32)(0))
    return builder.shuffle_vector(one, one, ir.Constant(ir.VectorType(ir.IntType(32), ROW), [0] * ROW))
