"""Prints what RandomStreamTests expects: random numbers made by the rules of RandomKernels.swift from the words of an
independent Philox4x32-10, that of the package randomgen (pip install randomgen)."""

import math

from randomgen import Philox

SEED = 0x0123456789ABCDEF


def words(seed, counter, count):
    # The package counts up before it draws.
    return [int(word) for word in Philox(key=seed, counter=counter - 1, number=4, width=32).random_raw(count)]


def normals(pairs):
    for v, t in pairs:
        radius = math.sqrt(-2 * math.log(v))
        yield radius * math.cos(2 * math.pi * t)
        yield radius * math.sin(2 * math.pi * t)


for offset in (5, 2**32 - 1):
    w = words(SEED, offset, 8)
    r = [w[i] | w[i + 1] << 32 for i in range(0, 8, 2)]
    print("offset", offset)
    print("uniform32", [x >> 8 for x in w])
    print("uniform16", [x >> 21 for x in w])
    print("uniformB16", [x >> 24 for x in w])
    print("uniform64", [x >> 11 for x in r])
    print("dice", [-5 + (x * 14 >> 64) for x in r])
    print("whole", [-(2**63) + (x * (2**64 - 1) >> 64) for x in r])
    print("normal32", list(normals(((w[i] + 1) / 2**32, (w[i + 1] >> 8) / 2**24) for i in range(0, 8, 2))))
    print("normal64", list(normals((((r[i] >> 11) + 1) / 2**53, (r[i + 1] >> 11) / 2**53) for i in range(0, 4, 2))))
