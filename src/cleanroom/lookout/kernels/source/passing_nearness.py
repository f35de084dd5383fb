"""How near up to 256 starts are to an account: a row of three-bit numbers, all of them worked on at once.

A row is two cache lines: three planes of 256 bits, the lowest digits first, and 32 bytes for whoever keeps the row.
"""

from llvmlite import ir
from numba import types
from numba.extending import intrinsic

ROW, PLANE, OWN = 16, 4, 12  # words of a row and of a plane; where its keeper's words begin

_WORD, _LINE = ir.IntType(64), 32
_WIDE = ir.VectorType(_WORD, PLANE)


@intrinsic
def bring_nearer(typing_context, seen, here, rows, there, beyond):
    """Numbers of the row at `seen[here]` that are over `beyond`, less one, go to that at `rows[there]` if greater.

    Whether any did. Both rows begin with a cache line; where none is greater nothing is written.
    """

    def generate(context, builder, signature, arguments):
        seen, here, rows, there, beyond = arguments
        ours = [builder.load(_plane(builder, seen, here, k), align=_LINE) for k in range(3)]
        places = [_plane(builder, rows, there, k) for k in range(3)]
        theirs = [builder.load(place, align=_LINE) for place in places]
        goes_on = _is_greater(builder, ours, [_digit(builder, beyond, k) for k in range(3)])
        less = _less_one(builder, ours)
        nearer = builder.and_(goes_on, _is_greater(builder, less, theirs))
        whole = ir.IntType(64 * PLANE)
        any_nearer = builder.icmp_unsigned("!=", builder.bitcast(nearer, whole), whole(0))
        with builder.if_then(any_nearer):
            for place, own, new in zip(places, theirs, less, strict=True):
                changed = builder.and_(nearer, builder.xor(own, new))
                builder.store(builder.xor(own, changed), place, align=_LINE)
        return builder.zext(any_nearer, _WORD)

    return types.int64(seen, types.int64, rows, types.int64, types.int64), generate


def _plane(builder, words, row, plane):
    place = builder.gep(words, [builder.add(row, _WORD(plane * PLANE))])
    return builder.bitcast(place, _WIDE.as_pointer())


def _digit(builder, number, place):
    """A binary digit of a number, 256 times."""
    digit = builder.neg(builder.and_(builder.lshr(number, _WORD(place)), _WORD(1)))
    one = builder.insert_element(ir.Constant(_WIDE, ir.Undefined), digit, ir.IntType(32)(0))
    return builder.shuffle_vector(one, one, ir.Constant(ir.VectorType(ir.IntType(32), PLANE), [0] * PLANE))


def _less_one(builder, number):
    a0, a1, a2 = number
    return [builder.not_(a0), builder.not_(builder.xor(a1, a0)), builder.and_(a2, builder.or_(a1, a0))]


def _is_greater(builder, a, b):
    """Digit by digit, the lowest first: a greater digit decides unless a higher one does."""
    both, either, greater = builder.and_, builder.or_, None
    for own, other in zip(a, b, strict=True):
        more, less = both(own, builder.not_(other)), both(other, builder.not_(own))
        greater = more if greater is None else either(more, both(greater, builder.not_(less)))
    return greater
