"""The loops of TV-L1, in numba.

An image of (height, width) lies in a flat array with rows of `stride` = width + 1 values: the last one of a
row belongs to no pixel. With it, a neighbour is the same array shifted (by 1, by `stride`), and a loop over
shifted slices is one that the compiler turns into vector instructions; with indices x + 1 it does not.
The free value of a row of u and v repeats the last pixel, and so does a row below the image: no gradient
across the border. The four dual fields are shifted by one row and one value, and 0 there: no flux from
outside. `Dual` fields begin with that row.

Loops are written out for few arrays each: with more, the compiler cannot show that they do not overlap and
gives up vector instructions. Nothing here may reorder sums (no fastmath): what these loops compute is the
same bits on every machine. (OpenCV's filters around them are so where vector instructions are the same.)
"""

import numba
import numpy as np

MARGIN = 2
"""Pixels around the second image, so that 3 x 3 taps may be read at its border."""

# error_model: a check for division by 0 would end vectors.
_jit = numba.njit(cache=True, nogil=True, error_model="numpy")
_ONE, _HALF = np.float32(1), np.float32(0.5)
_FLAT = np.float32(1e-6)  # squared gradient, under which there is nothing to follow


@_jit
def warp(image, u, v, height, width, out, inside):  # type: ignore[no-untyped-def] # numba's
    """Fill `out` with `image` at (x + u, y + v), by quadratic B-splines; `inside`: 1 where that lies in it.

    `image` is (height, width) with a margin of `MARGIN` on every side. Neighbours that move by the same
    number of whole pixels are read as shifted slices, run by run.
    """
    stride = width + 1
    kx, ky = np.empty(width, np.int32), np.empty(width, np.int32)
    fx, fy = np.empty(width, np.float32), np.empty(width, np.float32)
    in_x, in_y = np.empty(width, np.float32), np.empty(width, np.float32)
    wx, wy = np.empty((3, width), np.float32), np.empty((3, width), np.float32)
    taps = np.empty((3, width), np.float32)
    for y in range(height):
        row = slice(y * stride, y * stride + width)
        _split(u[row], 0, 1, width - 1, kx, fx, in_x)
        _split(v[row], y, 0, height - 1, ky, fy, in_y)
        _spline(fx, wx)
        _spline(fy, wy)
        _multiply(in_x, in_y, inside[row])
        start = 0
        while start < width:
            end = start + 1
            while end < width and kx[end] == kx[start] and ky[end] == ky[start]:
                end += 1
            n, run = end - start, slice(start, end)
            x, top = start + kx[start] + MARGIN, y + ky[start] + MARGIN - 1
            for j in range(3):
                line = image[top + j, x - 1 : x + 1 + n]
                _mix(line[:n], line[1 : n + 1], line[2:], wx[0, run], wx[1, run], wx[2, run], taps[j, :n])
            into = out[row][run]
            _mix(taps[0, :n], taps[1, :n], taps[2, :n], wy[0, run], wy[1, run], wy[2, run], into)
            start = end


@_jit
def linearise(first, second, inside, u, v, width, gx, gy, rest, inverse):  # type: ignore[no-untyped-def] # numba's
    """Fill the data term about (u, v): gradient, constant part and 1 / |gradient|^2.

    The gradient is that of the mean of both images: exact to second order in the motion still to find, and
    with half the variance of the noise. It is 0 where the second image was read outside.
    """
    stride = width + 1
    height = len(first) // stride
    mean = np.empty(len(first), np.float32)
    for i in range(len(mean)):
        mean[i] = (first[i] + second[i]) * _HALF
    for y in range(height):
        a, b = y * stride, y * stride + width
        above, below = max(y - 1, 0) * stride, min(y + 1, height - 1) * stride
        _difference(mean[below : below + width], mean[above : above + width], inside[a:b], gy[a:b])
        _difference(mean[a + 2 : b], mean[a : b - 2], inside[a + 1 : b - 1], gx[a + 1 : b - 1])
        gx[a] = (mean[a + 1] - mean[a]) * _HALF * inside[a]
        gx[b - 1] = (mean[b - 1] - mean[b - 2]) * _HALF * inside[b - 1]
    for i in range(len(rest)):
        rest[i] = second[i] - first[i] - gx[i] * u[i] - gy[i] * v[i]
    for i in range(len(inverse)):
        inverse[i] = _ONE / max(gx[i] * gx[i] + gy[i] * gy[i], _FLAT)


@_jit
def iterate(count, block, width, u, v, dual, gx, gy, rest, inverse, limit, theta, step):  # type: ignore[no-untyped-def] # numba's
    """Iterate `count` times; return the sum of squared changes of (u, v) in the last of them.

    The image is cut into blocks of `block` rows, and iteration k follows one block behind iteration k - 1:
    what they share stays in the processor's cache. The result is that of whole iterations.
    """
    stride = width + 1
    height = len(rest) // stride
    blocks = (height + block - 1) // block
    drop = np.empty(block * stride, np.float32)
    old = np.empty((2, block * stride), np.float32)
    change = np.zeros(block * stride, np.float32)
    for front in range(blocks + count - 1):
        for k in range(count):
            b = front - k
            if 0 <= b < blocks:
                a, e = b * block * stride, min((b + 1) * block, height) * stride
                n = e - a
                last = k == count - 1
                if last:
                    old[0, :n] = u[a:e]
                    old[1, :n] = v[a:e]
                _primal(a, e, stride, u, v, dual, gx, gy, rest, inverse, limit, theta, drop[:n])
                if last:
                    _add_squares(u[a:e], old[0, :n], stride, change[:n])
                    _add_squares(v[a:e], old[1, :n], stride, change[:n])
                _dual(max(a - stride, 0), e if b == blocks - 1 else e - stride, stride, u, v, dual, step)
    total = 0.0
    for value in change:
        total += value
    return total


@_jit
def mirror(values, width):  # type: ignore[no-untyped-def] # numba's
    """Repeat the last pixel of every row in the row's free value, and the last row below the image."""
    stride = width + 1
    for i in range(width, len(values), stride):
        values[i] = values[i - 1]
    values[-stride:] = values[-2 * stride : -stride]


@_jit
def _primal(a, e, stride, u, v, dual, gx, gy, rest, inverse, limit, theta, drop):  # type: ignore[no-untyped-def] # numba's
    """Update u and v at the values a:e (whole rows): first the data, then the smoothness part."""
    _threshold(u[a:e], v[a:e], gx[a:e], gy[a:e], rest[a:e], inverse[a:e], limit, drop)
    left, here, above, below = slice(a, e), slice(a + 1, e + 1), slice(a, e), slice(a + stride, e + stride)
    _move(u[a:e], drop, gx[a:e], dual[0, here], dual[0, left], dual[1, below], dual[1, above], theta)
    _move(v[a:e], drop, gy[a:e], dual[2, here], dual[2, left], dual[3, below], dual[3, above], theta)
    for i in range(a + stride - 1, e, stride):
        u[i] = u[i - 1]
        v[i] = v[i - 1]
    if e + stride == len(u):
        u[e:] = u[e - stride : e]
        v[e:] = v[e - stride : e]


@_jit
def _dual(a, e, stride, u, v, dual, step):  # type: ignore[no-untyped-def] # numba's
    """Update the dual fields at the values a:e (whole rows)."""
    if e <= a:
        return
    right, below = slice(a + 1, e + 1), slice(a + stride, e + stride)
    _ascend(u[a:e], u[right], u[below], dual[0, right], dual[1, below], step)
    _ascend(v[a:e], v[right], v[below], dual[2, right], dual[3, below], step)
    for i in range(a + stride, e + 1, stride):
        dual[0, i] = 0
        dual[2, i] = 0


@_jit
def _threshold(u, v, gx, gy, rest, inverse, limit, drop):  # type: ignore[no-untyped-def] # numba's
    """Fill `drop`: how far along the gradient the data term pulls."""
    for i in range(len(drop)):
        drop[i] = min(max(-(rest[i] + gx[i] * u[i] + gy[i] * v[i]) * inverse[i], -limit), limit)


@_jit
def _move(u, drop, gradient, here, left, below, above, theta):  # type: ignore[no-untyped-def] # numba's
    for i in range(len(u)):
        u[i] = u[i] + drop[i] * gradient[i] + theta * (here[i] - left[i] + below[i] - above[i])


@_jit
def _ascend(u, right, below, along_x, along_y, step):  # type: ignore[no-untyped-def] # numba's
    for i in range(len(u)):
        dx, dy = right[i] - u[i], below[i] - u[i]
        scale = _ONE / (_ONE + step * np.sqrt(dx * dx + dy * dy))
        along_x[i] = (along_x[i] + step * dx) * scale
        along_y[i] = (along_y[i] + step * dy) * scale


@_jit
def _add_squares(new, old, stride, sums):  # type: ignore[no-untyped-def] # numba's
    for i in range(stride - 1, len(new), stride):
        old[i] = new[i]  # no pixel
    for i in range(len(sums)):
        change = new[i] - old[i]
        sums[i] += change * change


@_jit
def _split(shift, origin, along, last, whole, fraction, inside):  # type: ignore[no-untyped-def] # numba's
    """Split positions, held in 0 to `last`, into steps of whole pixels and fractions in [-1/2, 1/2]."""
    end = np.float32(last)
    for i in range(len(shift)):
        here = np.float32(origin + i * along)
        wanted = here + shift[i]
        # In this order NaN becomes 0: whatever the flow, no pixel outside is read.
        position = wanted if wanted > 0 else np.float32(0)
        position = position if position < end else end
        nearest = np.floor(position + _HALF)
        whole[i] = np.int32(nearest - here)
        fraction[i] = position - nearest
        inside[i] = _ONE if position == wanted else np.float32(0)


@_jit
def _spline(fraction, weights):  # type: ignore[no-untyped-def] # numba's
    """Fill the weights (3, n) of the pixels before, at and after the nearest one."""
    before, at, after = weights[0], weights[1], weights[2]
    for i in range(len(fraction)):
        f = fraction[i]
        before[i] = _HALF * (_HALF - f) * (_HALF - f)
        at[i] = np.float32(0.75) - f * f
        after[i] = _HALF * (_HALF + f) * (_HALF + f)


@_jit
def _mix(a, b, c, wa, wb, wc, out):  # type: ignore[no-untyped-def] # numba's
    for i in range(len(out)):
        out[i] = a[i] * wa[i] + b[i] * wb[i] + c[i] * wc[i]


@_jit
def _multiply(a, b, out):  # type: ignore[no-untyped-def] # numba's
    for i in range(len(out)):
        out[i] = a[i] * b[i]


@_jit
def _difference(after, before, inside, out):  # type: ignore[no-untyped-def] # numba's
    for i in range(len(out)):
        out[i] = (after[i] - before[i]) * _HALF * inside[i]
