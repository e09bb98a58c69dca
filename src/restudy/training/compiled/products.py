"""Matrix products for small batches, as vector code that Numba compiles for the processor at hand.

A BLAS copies ("packs") both factors before it multiplies. With 8 or 16 rows the copy takes longer
than the product. Here nothing is copied: the engine stores weights in panels, in the order in which
the product reads them (the blocked layout of Goto and van de Geijn 2008, and of Van Zee and van de
Geijn 2015).

A tile is a few rows of the result by one or two vectors. It stays in registers while the sum over
the inner dimension is taken with fused multiply-adds. The order of the sum is fixed, so the same
processor makes the same bits.
"""

# Numba infers the types of compiled functions.
# mypy: ignore-errors

from __future__ import annotations

import llvmlite.binding
import numba
from llvmlite import ir
from numba.core import cgutils, types
from numba.extending import intrinsic


def _vector_bytes() -> int:
    """Return the bytes of the processor's widest vector register: 64, 32 or 16."""
    features = llvmlite.binding.get_host_cpu_features()
    if features.get("avx512f"):
        return 64
    return 32 if features.get("avx2") and features.get("fma") else 16


VECTOR_BYTES = _vector_bytes()

# Rows of the largest tile: with two vectors a row, 16 registers hold 12 sums, 32 hold 16.
MOST_ROWS = 6 if VECTOR_BYTES == 32 else 8


@intrinsic
def _tile(
    context, rows, vectors, c, c_at, c_row, a, a_at, a_row, a_column, a_block, b, b_at, b_row, k,
    blocks, beta
):  # fmt: skip
    """Compute one tile of :func:`multiply`: up to ``MOST_ROWS`` rows by one or two vectors."""
    index, scalar = types.intp, c.dtype
    return types.void(
        index, index, c, *[index] * 2, a, *[index] * 4, b, *[index] * 4, scalar
    ), _generate


def _generate(context, builder, signature, args):
    """Emit the code of every size of tile, and the jump to the one that is asked for."""
    rows, vectors = args[:2]
    size = builder.add(builder.mul(vectors, ir.IntType(64)(MOST_ROWS)), rows)
    end = builder.append_basic_block("end")
    jump = builder.switch(size, end)
    for n_vectors in (1, 2):
        for n_rows in range(1, MOST_ROWS + 1):
            block = builder.append_basic_block(f"tile_{n_rows}_{n_vectors}")
            jump.add_case(ir.IntType(64)(n_vectors * MOST_ROWS + n_rows), block)
            builder.position_at_end(block)
            _generate_tile(n_rows, n_vectors, context, builder, signature.args[2:], args[2:])
            builder.branch(end)
    builder.position_at_end(end)
    return context.get_dummy_value()


def _generate_tile(rows, vectors, context, builder, kinds, args) -> None:
    """Emit the code of a tile of one size."""
    i64 = ir.IntType(64)
    c, c_at, c_row, a, a_at, a_row, a_column, a_block, b, b_at, b_row, k, blocks, beta = args
    bits = kinds[0].dtype.bitwidth
    lanes = VECTOR_BYTES * 8 // bits
    scalar = beta.type
    vector = ir.VectorType(scalar, lanes)

    def start_of(kind, array, at):
        data = context.make_array(kind)(context, builder, array).data
        return builder.gep(data, [at])

    def vector_at(pointer, number):
        return builder.bitcast(builder.gep(pointer, [i64(number * lanes)]), vector.as_pointer())

    def load(pointer):
        value = builder.load(pointer)
        value.align = bits // 8
        return value

    def spread(value):
        empty = ir.Constant(vector, ir.Undefined)
        one = builder.insert_element(empty, value, ir.IntType(32)(0))
        zeros = ir.Constant(ir.VectorType(ir.IntType(32), lanes), [0] * lanes)
        return builder.shuffle_vector(one, empty, zeros)

    def join(values, before, more, body):
        for phi, value, other in zip(before, values, more, strict=True):
            phi.add_incoming(value, body[0])
            phi.add_incoming(other, body[1])

    c, a, b = start_of(kinds[0], c, c_at), start_of(kinds[3], a, a_at), start_of(kinds[8], b, b_at)
    c_rows = [builder.gep(c, [builder.mul(c_row, i64(i))]) for i in range(rows)]
    places = [vector_at(row, j) for row in c_rows for j in range(vectors)]
    fresh = builder.fcmp_ordered("==", beta, scalar(0.0))
    factor, zero = spread(beta), ir.Constant(vector, [0.0] * lanes)
    start = [builder.select(fresh, zero, builder.fmul(factor, load(p))) for p in places]
    a_rows = [builder.mul(a_row, i64(i)) for i in range(rows)]
    multiply_add = cgutils.get_or_insert_function(
        builder.module, ir.FunctionType(vector, [vector] * 3), f"llvm.fma.v{lanes}f{bits}"
    )
    entry = builder.block
    block, body = builder.append_basic_block("block"), builder.append_basic_block("sum")
    after, end = builder.append_basic_block("after"), builder.append_basic_block("store")
    builder.cbranch(builder.icmp_signed(">", builder.mul(k, blocks), i64(0)), block, end)

    builder.position_at_end(block)
    of_block = [builder.phi(kind) for kind in (i64, a.type, b.type, *[vector] * len(places))]
    builder.branch(body)

    builder.position_at_end(body)
    state = [builder.phi(value.type) for value in of_block]
    done, a_now, b_now, *sums = state
    b_vectors = [load(vector_at(b_now, j)) for j in range(vectors)]
    a_values = [spread(builder.load(builder.gep(a_now, [row]))) for row in a_rows]
    new = [
        builder.call(multiply_add, [a_values[n // vectors], b_vectors[n % vectors], total])
        for n, total in enumerate(sums)
    ]
    counted, b_next = builder.add(done, i64(1)), builder.gep(b_now, [b_row])
    following = [counted, builder.gep(a_now, [a_column]), b_next, *new]
    join([i64(0), *of_block[1:]], state, following, (block, body))
    builder.cbranch(builder.icmp_signed("<", counted, k), body, after)

    builder.position_at_end(after)
    blocks_done = builder.add(of_block[0], i64(1))
    following = [blocks_done, builder.gep(of_block[1], [a_block]), b_next, *new]
    join([i64(0), a, b, *start], of_block, following, (entry, after))
    builder.cbranch(builder.icmp_signed("<", blocks_done, blocks), block, end)

    builder.position_at_end(end)
    results = [builder.phi(vector) for _ in places]
    join(start, results, new, (entry, after))
    for place, result in zip(places, results, strict=True):
        builder.store(result, place).align = bits // 8


@numba.njit(cache=True)
def multiply(
    rows, vectors, c, c_at, c_row, a, a_at, a_row, a_column, a_block, b, b_at, b_row, k, blocks,
    beta
):  # fmt: skip
    """Compute C = beta C + A B for one panel of columns, tile by tile.

    ``c``, ``a`` and ``b`` are 1-D arrays of one floating-point type that hold the matrices. A
    matrix begins at ``c_at``, ``a_at`` or ``b_at``. Its rows lie ``c_row``, ``a_row`` or ``b_row``
    elements apart. C and A have ``rows`` rows; C and B have one or two ``vectors`` of columns,
    which lie side by side. The inner dimension has ``blocks`` of ``k``: A's columns lie
    ``a_column`` elements apart in a block, and the blocks ``a_block``. ``beta`` is of the arrays'
    type. With beta = 0 the old C is not used.
    """
    tiles = (rows + MOST_ROWS - 1) // MOST_ROWS
    for tile in range(tiles):
        n = rows // tiles + (1 if tile < rows % tiles else 0)
        _tile(
            n, vectors, c, c_at, c_row, a, a_at, a_row, a_column, a_block, b, b_at, b_row, k,
            blocks, beta,
        )  # fmt: skip
        c_at += n * c_row
        a_at += n * a_row
