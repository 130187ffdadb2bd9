"""Makes gguf/blocks.gguf and gguf/blocks.safetensors with the package gguf: python3 make_gguf.py

The first has the same matrix in each type that the package writes, and random blocks of those that it only reads; the second
the matrix, and the numbers that the package makes of each.
"""

import os

import gguf
import numpy as np
from safetensors.numpy import save_file

folder = os.path.join(os.path.dirname(os.path.abspath(__file__)), "gguf")
random = np.random.default_rng(7)
matrix = random.normal(size=(3, 256)).astype(np.float32)
matrix[1, 32:64] = 0
types = gguf.GGMLQuantizationType
writer = gguf.GGUFWriter(os.path.join(folder, "blocks.gguf"), "llama")
writer.add_uint32("test.count", 3)
writer.add_float32("test.number", 0.5)
writer.add_array("test.names", ["a", "é", ""])
writer.add_bool("test.flag", True)
values = {"matrix": matrix}


def add(name, bytes, kind):
    writer.add_tensor(name, bytes, raw_dtype=kind)
    values[name] = gguf.quants.dequantize(bytes, kind).reshape(matrix.shape).astype(np.float32)


for kind in [types.F32, types.F16, types.BF16, types.Q4_0, types.Q4_1, types.Q5_0, types.Q5_1, types.Q8_0]:
    add(kind.name.lower(), gguf.quants.quantize(matrix, kind), kind)
for kind, size, halves in [(types.Q4_K, 144, [0, 2]), (types.Q5_K, 176, [0, 2]), (types.Q6_K, 210, [208])]:
    blocks = random.integers(0, 256, size=(3, size), dtype=np.uint8)
    for place in halves:
        scales = random.normal(size=3).astype(np.float16)
        blocks[:, place:place + 2] = scales.view(np.uint8).reshape(3, 2)
    add(kind.name.lower(), blocks, kind)
writer.write_header_to_file()
writer.write_kv_data_to_file()
writer.write_tensors_to_file()
writer.close()
save_file(values, os.path.join(folder, "blocks.safetensors"))
