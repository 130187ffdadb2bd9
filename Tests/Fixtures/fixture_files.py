"""Shared by the make_*.py scripts: fixed seeds, and one place that writes safetensors with its manifest."""
import json
from pathlib import Path
import numpy as np
import torch
from safetensors.torch import save_file

FOLDER = Path(__file__).resolve().parent
VERSIONS = {"torch": torch.__version__, "numpy": np.__version__}


def seed(n=0):
    torch.manual_seed(n)
    np.random.seed(n)


def plain(t):
    """A contiguous, unshared copy (safetensors refuses views and shared storage)."""
    return t.detach().clone(memory_format=torch.contiguous_format).contiguous()


def save(path, tensors, manifest):
    """Writes PATH.safetensors and PATH.json, relative to this folder."""
    path = FOLDER / path
    path.parent.mkdir(parents=True, exist_ok=True)
    save_file({k: plain(v) for k, v in tensors.items()}, path.with_suffix(".safetensors"), metadata={"format": "pt"})
    path.with_suffix(".json").write_text(dumps({"versions": VERSIONS, **manifest}) + "\n")
    print(f"{path}: {len(tensors)} tensors, {path.with_suffix('.safetensors').stat().st_size / 1e6:.2f} MB")


def dumps(value, depth=2):
    """JSON with one line per entry of the outermost `depth` levels, so that diffs and greps stay readable."""
    if depth and isinstance(value, (dict, list)) and value:
        inner = ([f"{json.dumps(k)}: {dumps(v, depth - 1)}" for k, v in value.items()] if isinstance(value, dict)
                 else [dumps(v, depth - 1) for v in value])
        return ("{\n" if isinstance(value, dict) else "[\n") + ",\n".join(inner) + ("\n}" if isinstance(value, dict) else "\n]")
    return json.dumps(value)


def sequence(count, size, vocab, seed):
    """Token ids that any language can regenerate: a 64-bit LCG's high bits modulo vocab."""
    state, out = seed, []
    for _ in range(count * size):
        state = (state * 6364136223846793005 + 1442695040888963407) & (2 ** 64 - 1)
        out.append((state >> 33) % vocab)
    return torch.tensor(out).view(count, size)
