"""Every encoding of an Ed25519 point of small order, worked out from the curve; and a forgery that some verifiers take.

The curve of RFC 8032, section 5.1: -x^2 + y^2 = 1 + d x^2 y^2 over the integers modulo P; the group has 8 * L points.
"""

P = 2**255 - 19
L = 2**252 + 27742317777372353535851937790883648493
D = -121665 * pow(121666, -1, P) % P
IDENTITY = (0, 1)

Point = tuple[int, int]


def add(one: Point, other: Point) -> Point:
    """The complete addition law of a twisted Edwards curve with a = -1."""
    (x1, y1), (x2, y2) = one, other
    product = D * x1 * x2 * y1 * y2 % P
    x = (x1 * y2 + y1 * x2) * pow(1 + product, -1, P)
    y = (y1 * y2 + x1 * x2) * pow(1 - product, -1, P)
    return x % P, y % P


def times(count: int, point: Point) -> Point:
    result = IDENTITY
    for bit in bin(count)[2:]:
        result = add(result, result)
        if bit == "1":
            result = add(result, point)
    return result


def point_at(y: int) -> Point | None:
    """A point with this y, where there is one: x^2 = (y^2 - 1) / (d y^2 + 1)."""
    square = (y * y - 1) * pow(D * y * y + 1, -1, P) % P
    x = pow(square, (P + 3) // 8, P)
    if (x * x - square) % P:
        x = x * pow(2, (P - 1) // 4, P) % P
    return (x, y) if (x * x - square) % P == 0 else None


def small_points() -> list[Point]:
    """The eight points whose order divides 8: the multiples of one of order 8."""
    candidates = (times(L, point) for y in range(2, 100) if (point := point_at(y)))
    generator = next(point for point in candidates if times(4, point) != IDENTITY)
    return [times(count, generator) for count in range(8)]


def encodings(point: Point) -> list[bytes]:
    """All 32-byte strings that decode to the point for a reader that does not insist on the canonical one."""
    x, y = point
    signs = {0, 1} if x == 0 else {x & 1}
    return [(value | sign << 255).to_bytes(32, "little") for value in (y, y + P) if value < 2**255 for sign in signs]


def small_order_keys() -> list[bytes]:
    return sorted({encoded for point in small_points() for encoded in encodings(point)})


def mixed_order_key(public: bytes) -> bytes:
    """An honest key with a point of order 8 added: valid on the curve, outside the main subgroup."""
    value = int.from_bytes(public, "little")
    point = point_at(value & (2**255 - 1))
    if point[0] & 1 != value >> 255:
        point = (-point[0] % P, point[1])
    return encodings(add(point, small_points()[1]))[0]


FORGED = bytes([1]) + bytes(63)
"""R is the identity, S is zero. Under the identity as public key this verifies for every message: [S]B = R + [k]A."""
