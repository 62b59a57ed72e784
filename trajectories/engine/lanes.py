"""Vectors of the processor as a numba type: as many numbers as 64 bytes hold.

A ``Lanes`` value is 16 float32 or 8 float64 side by side, one lane for each of 16
(or 8) series. It lives in registers: one AVX-512, two AVX2 or four NEON registers;
LLVM splits what the processor does not have. Kernels written with it say what they
do, ``cost + square``, ``least(a, b)``, and nothing is left to the optimiser's luck.

``load`` and ``store`` move lanes between a value and a contiguous one-dimensional
array; the caller answers for the bounds.
"""

import operator

from llvmlite import ir
from numba import types
from numba.extending import intrinsic, models, overload, register_model

LANE_BYTES = 64


class Lanes(types.Type):
    """Lanes of one dtype, float32 or float64."""

    def __init__(self, dtype: types.Float):
        """Remember the numbers' type; their count follows from it."""
        self.dtype = dtype
        self.count = LANE_BYTES * 8 // dtype.bitwidth
        super().__init__(name=f"Lanes({dtype} x {self.count})")


def _vector(lanes: Lanes) -> ir.VectorType:
    number = ir.FloatType() if lanes.dtype.bitwidth == 32 else ir.DoubleType()
    return ir.VectorType(number, lanes.count)


@register_model(Lanes)
class _LanesModel(models.PrimitiveModel):
    def __init__(self, manager, lanes):
        super().__init__(manager, lanes, _vector(lanes))


def _address(context, builder, array_type, array, offset, lanes):
    data = context.make_array(array_type)(context, builder, array).data
    return builder.bitcast(builder.gep(data, [offset]), _vector(lanes).as_pointer())


@intrinsic
def load(typing_context, array, offset):
    """Read lanes from ``array[offset:]``."""
    lanes = Lanes(array.dtype)

    def generate(context, builder, signature, arguments):
        at = _address(context, builder, array, *arguments, lanes)
        return builder.load(at, align=array.dtype.bitwidth // 8)

    return lanes(array, types.intp), generate


@intrinsic
def store(typing_context, array, offset, value):
    """Write lanes to ``array[offset:]``."""

    def generate(context, builder, signature, arguments):
        array_value, at, lanes_value = arguments
        address = _address(context, builder, array, array_value, at, value)
        builder.store(lanes_value, address, align=array.dtype.bitwidth // 8)
        return context.get_dummy_value()

    return types.void(array, types.intp, value), generate


@intrinsic
def spread(typing_context, number):
    """Put one number into all lanes."""
    lanes = Lanes(number)

    def generate(context, builder, signature, arguments):
        vector = _vector(lanes)
        first = builder.insert_element(
            ir.Constant(vector, ir.Undefined), arguments[0], ir.IntType(32)(0)
        )
        zeros = ir.Constant(ir.VectorType(ir.IntType(32), lanes.count), None)
        return builder.shuffle_vector(first, ir.Constant(vector, ir.Undefined), zeros)

    return lanes(number), generate


def _arithmetic(emit):
    """Make an intrinsic of two lanes from what ``emit(builder, a, b)`` generates."""

    @intrinsic
    def operation(typing_context, a, b):
        def generate(context, builder, signature, arguments):
            return emit(builder, *arguments)

        return a(a, b), generate

    return operation


# "contract" lets LLVM fuse a product and a sum into one rounding, where it can.
_add = _arithmetic(lambda builder, a, b: builder.fadd(a, b, flags=("contract",)))
_subtract = _arithmetic(lambda builder, a, b: builder.fsub(a, b, flags=("contract",)))
_multiply = _arithmetic(lambda builder, a, b: builder.fmul(a, b, flags=("contract",)))


def _pick(comparison):
    """Keep, lane by lane, the number for which ``a comparison b`` holds."""
    return _arithmetic(
        lambda builder, a, b: builder.select(
            builder.fcmp_ordered(comparison, a, b), a, b
        )
    )


least = _pick("<")
most = _pick(">")


@overload(operator.add)
def _overload_add(a, b):
    if isinstance(a, Lanes) and a == b:
        return lambda a, b: _add(a, b)


@overload(operator.sub)
def _overload_subtract(a, b):
    if isinstance(a, Lanes) and a == b:
        return lambda a, b: _subtract(a, b)


@overload(operator.mul)
def _overload_multiply(a, b):
    if isinstance(a, Lanes) and a == b:
        return lambda a, b: _multiply(a, b)


@intrinsic
def any_at_most(typing_context, a, b):
    """Tell whether any lane of ``a`` is at most the same lane of ``b``."""

    def generate(context, builder, signature, arguments):
        is_so = builder.fcmp_ordered("<=", *arguments)
        bits = builder.bitcast(is_so, ir.IntType(a.count))
        return builder.icmp_unsigned("!=", bits, bits.type(0))

    return types.boolean(a, b), generate


@intrinsic
def bits_below(typing_context, a, b):
    """Set bit i where lane i of ``a`` is below that of ``b``; uint32."""

    def generate(context, builder, signature, arguments):
        below = builder.fcmp_ordered("<", *arguments)
        bits = builder.bitcast(below, ir.IntType(a.count))
        return builder.zext(bits, ir.IntType(32))

    return types.uint32(a, b), generate
