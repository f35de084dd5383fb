"""Rows of an answer as JSON text: a walk's thread writes thousands of them without holding the interpreter's lock."""

from numpy import int64, uint8, uint64

from cleanroom.lookout.kernels.source.declare import inline, kernel

_ZERO, _TO_A = 48, 39  # "0"; from what would follow "9" to "a"
_TEN = uint64(10)
_DAY_US = 86_400_000_000
_DAYS_IN_400_YEARS, _DAYS_BEFORE_1970 = 146_097, 719_468  # from 0000-03-01 on


@inline
def digit(value):
    """Without a branch, which would be guessed wrong every third time."""
    return uint8(_ZERO + value + ((value + 6) >> 4) * _TO_A)


@inline
def write_hex(out, place, ids, row):
    """32 digits of the 16 bytes."""
    for i in range(16):
        byte = int64(ids[(row << 4) + i])
        out[place + 2 * i] = digit(byte >> 4)
        out[place + 2 * i + 1] = digit(byte & 15)


@inline
def write_digits(out, place, digits, number):
    """The last so many digits of what is not below 0."""
    rest = uint64(number)
    for i in range(digits):
        out[place + digits - 1 - i] = uint8(rest % _TEN) + uint8(_ZERO)
        rest //= _TEN


@inline
def write_moment(out, place, us):
    """Over the zeros of 0000-00-00T00:00:00.000000, for the years 0 to 9999.

    The calendar by eras of 400 years and years that begin in March, after H. Hinnant, chrono-compatible low-level date
    algorithms, `civil_from_days`.
    """
    days, within = us // _DAY_US, us % _DAY_US
    days += _DAYS_BEFORE_1970
    era, day = days // _DAYS_IN_400_YEARS, days % _DAYS_IN_400_YEARS
    year = (day - day // 1460 + day // 36524 - day // 146096) // 365
    day -= 365 * year + year // 4 - year // 100
    month = (5 * day + 2) // 153
    day -= (153 * month + 2) // 5
    month = month + 3 if month < 10 else month - 9
    write_digits(out, place, 4, era * 400 + year + (month <= 2))
    write_digits(out, place + 5, 2, month)
    write_digits(out, place + 8, 2, day + 1)
    seconds = within // 1_000_000
    write_digits(out, place + 11, 2, seconds // 3600)
    write_digits(out, place + 14, 2, seconds // 60 % 60)
    write_digits(out, place + 17, 2, seconds % 60)
    write_digits(out, place + 20, 6, within % 1_000_000)


@kernel("i64(u8*, i64, i64*, u8*, i64, i64, u8*, u8*, i64*, u8*, u8*, i64*, u8*)")
def write_arrivals(
    template, template_length, places, tail, tail_length, count, accounts, layers, at_us, vias, origins, cents, out
):
    """Each row is the template, with its five fields put in at `places`, the cents (not below 0) and the tail.

    Gives the length of the text.
    """
    account_at, layer_at, moment_at, via_at, origin_at = places[0], places[1], places[2], places[3], places[4]
    end = 0
    for row in range(count):
        for i in range(template_length):
            out[end + i] = template[i]
        write_hex(out, end + account_at, accounts, row)
        out[end + layer_at] = uint8(_ZERO + layers[row])
        write_moment(out, end + moment_at, at_us[row])
        write_hex(out, end + via_at, vias, row)
        write_hex(out, end + origin_at, origins, row)
        end += template_length
        digits, rest = 1, cents[row] // 10
        while rest > 0:
            digits += 1
            rest //= 10
        write_digits(out, end, digits, cents[row])
        end += digits
        for i in range(tail_length):
            out[end + i] = tail[i]
        end += tail_length
    return end
