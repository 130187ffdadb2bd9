"""What a network of others computes with weights that need not be stored.

Element i of the tensor NAME is a + b·u, with u in [-1, 1) from a hash of NAME and i, as HashedTensor.swift has it; `fill`
gives a and b.
"""
import json, math
from pathlib import Path
import numpy as np
import torch
import torch.nn.functional as F


def hashed(name, shape, a, b):
    h = 0xcbf29ce484222325
    for byte in name.encode():
        h = (h ^ byte) * 0x100000001b3 % 2 ** 64
    with np.errstate(over="ignore"):
        z = np.uint64(h) + np.arange(math.prod(shape), dtype=np.uint64) + np.uint64(0x9e3779b97f4a7c15)
        z = (z ^ z >> np.uint64(30)) * np.uint64(0xbf58476d1ce4e5b9)
        z = (z ^ z >> np.uint64(27)) * np.uint64(0x94d049bb133111eb)
        z ^= z >> np.uint64(31)
    u = (z >> np.uint64(40)).astype(np.float64) / 2 ** 23 - 1
    return torch.from_numpy((a + b * u).astype(np.float32)).view(shape)


def fill_rule(name, t):
    if t.dim() > 1:
        return 0.0, float(np.float32(math.sqrt(6 / t[0].numel())))
    return (0.75, 0.25) if name.endswith("weight") else (1.0, 0.25) if name.endswith("running_var") else (0.0, 0.125)


def write(name, about, model, fill, logits):
    """Writes NAME.json: logits, loss and gradients of the network of five classes, whose output `logits` takes apart."""
    model.load_state_dict({k: hashed(k, v.shape, *fill[k]) if k in fill else v for k, v in model.state_dict().items()})
    model.double()
    x, y = hashed("input", (3, 3, 64, 64), 0.0, 1.0).double(), torch.tensor([3, 1, 4])
    with torch.no_grad():
        result = logits(model.eval()(x))
    loss = F.cross_entropy(model.train()(x), y)
    loss.backward()
    Path(__file__).with_name(f"{name}.json").write_text(json.dumps({
        "about": about, "fill": fill, "input": [3, 3, 64, 64], "target": y.tolist(), "logits_eval": result.tolist(),
        "loss_train": loss.item(),
        "grad_norm": {k: p.grad.norm().item() for k, p in model.named_parameters()}}, indent=0) + "\n")


def fill_rules(model):
    return {k: fill_rule(k, v) for k, v in model.state_dict().items() if v.is_floating_point()}
