"""Writes result_types.json: the type of what PyTorch's operators of several tensors give, for every mix of element types
and of tensors with one dimension and without. Needs torch.

Each operator has a text of one letter a combination, types in the outer loops, ranks 0 and 1 in the inner ones: that of the
result's type, or "-" where PyTorch refuses the operands.
"""

import itertools
import json
import os

import torch

TYPES = {
    "float32": "f", "float64": "d", "float16": "h", "bfloat16": "b", "int64": "l", "int32": "i", "uint8": "u", "bool": "?",
}
TWO = {
    name: getattr(torch, name)
    for name in (
        "add", "sub", "mul", "div", "floor_divide", "fmod", "remainder", "pow", "maximum", "minimum", "atan2", "hypot",
        "copysign", "logaddexp", "clamp_min", "bitwise_and", "bitwise_left_shift")
}
TWO["where"] = lambda a, b: torch.where(torch.ones(1, dtype=torch.bool), a, b)
TWO["cat"] = lambda a, b: torch.cat([a, b])
TWO["hstack"] = lambda a, b: torch.hstack([a, b])
THREE = {"addcmul": torch.addcmul, "addcdiv": torch.addcdiv, "clamp": torch.clamp, "lerp": torch.lerp}


def letter(operator, types, ranks):
    operands = [torch.ones([1] * rank, dtype=getattr(torch, name)) for name, rank in zip(types, ranks)]
    try:
        return TYPES[str(operator(*operands).dtype).removeprefix("torch.")]
    except Exception:  # PyTorch refuses the operands
        return "-"


def letters(operator, count):
    mixes = itertools.product(itertools.product(TYPES, repeat=count), itertools.product((0, 1), repeat=count))
    return "".join(letter(operator, types, ranks) for types, ranks in mixes)


operators = {name: letters(operator, 2) for name, operator in TWO.items()}
operators.update((name, letters(operator, 3)) for name, operator in THREE.items())
path = os.path.join(os.path.dirname(__file__), "result_types.json")
with open(path, "w") as file:
    json.dump({"types": TYPES, "operators": operators}, file, indent=1)
