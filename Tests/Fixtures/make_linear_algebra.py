#!/usr/bin/env python3
"""linear_algebra.safetensors, fourier.safetensors and distributions.json: what PyTorch computes, in float64.

Needs PyTorch and safetensors; run it in this folder. For each case of the first two, the tensors are CASE/in/I, CASE/out/I and
CASE/gin/I, the gradients of the inputs where cos(1), cos(2), … flow into each output.
"""
import json

import torch
from safetensors.torch import save_file
from torch import distributions as D
from torch import fft, linalg

torch.set_default_dtype(torch.float64)
tensors = {}


def case(name, function, *inputs):
    inputs = [x.clone().requires_grad_() for x in inputs]
    outputs = function(*inputs)
    outputs = list(outputs) if isinstance(outputs, tuple) else [outputs]
    outputs = [part for y in outputs for part in (torch.view_as_real(y).unbind(-1) if y.is_complex() else [y])]
    wanted = [y for y in outputs if y.requires_grad]
    upstream = [torch.cos(torch.arange(y.numel()) + 1.0).reshape(y.shape) for y in wanted]
    gradients = torch.autograd.grad(wanted, inputs, upstream)
    for role, values in ("in", inputs), ("out", outputs), ("gin", gradients):
        tensors.update({f"{name}/{role}/{i}": v.detach().clone().contiguous() for i, v in enumerate(values)})


def linear_algebra():
    square, wide = torch.randn(2, 3, 3), torch.randn(2, 3, 5)
    definite = square @ square.mT + torch.eye(3)
    case("solve", linalg.solve, square, torch.randn(2, 3, 2))
    case("solve_vector", linalg.solve, square[0], torch.randn(3))
    case("solve_broadcast", linalg.solve, square, torch.randn(3, 4))
    case("inverse", linalg.inv, square)
    case("det", linalg.det, square)
    singular = torch.tensor([[1.0, 2, 3], [2, 4, 6], [1, 0, 1]])
    case("det_singular", linalg.det, singular)
    case("slogdet", linalg.slogdet, square)
    case("cholesky", lambda x: linalg.cholesky((x + x.mT) / 2), definite)
    case("qr", linalg.qr, wide.mT.contiguous())
    case("qr_square", linalg.qr, square)
    case("svd", lambda x: svd(x), wide)
    case("svd_tall", lambda x: svd(x), wide.mT.contiguous())
    case("singular_values", linalg.svdvals, wide)
    case("eigh", lambda x: eigh(x), definite)
    case("pseudoinverse", linalg.pinv, wide)


def svd(x):
    """The sign of singular vectors is not defined."""
    u, s, vh = linalg.svd(x, full_matrices=False)
    return u.abs(), s, vh.abs()


def eigh(x):
    values, vectors = linalg.eigh((x + x.mT) / 2)
    return values, vectors.abs()


def fourier():
    for n in 1, 2, 7, 12, 30, 74, 64:
        case(f"fft_{n}", lambda a, b: fft.fft(torch.complex(a, b)), torch.randn(2, n), torch.randn(2, n))
    pair = torch.randn(4, 6), torch.randn(4, 6)
    case("ifft_ortho", lambda a, b: fft.ifft(torch.complex(a, b), dim=0, norm="ortho"), *pair)
    case("fft_longer", lambda a, b: fft.fft(torch.complex(a, b), n=9, norm="forward"), *pair)
    case("fft2", lambda a, b: fft.fft2(torch.complex(a, b)), *pair)
    case("ifftn", lambda a, b: fft.ifftn(torch.complex(a, b)), *pair)
    case("rfft", lambda a: fft.rfft(a), pair[0])
    case("rfft_cut", lambda a: fft.rfft(a, n=5, dim=1), pair[0])
    case("irfft", lambda a, b: fft.irfft(torch.complex(a, b)), *pair)
    case("irfft_odd", lambda a, b: fft.irfft(torch.complex(a, b), n=7, dim=0), *pair)


def distributions():
    x, y = torch.tensor([0.3, 1.2, 0.7]), torch.tensor([1.5, 0.4, 2.0])
    share, other = torch.tensor([0.2, 0.9, 0.5]), torch.tensor([0.6, 0.3, 0.5])
    logits, others = torch.tensor([[0.1, 2.0, -1.0], [0.5, 0.5, 0.0]]), torch.tensor([[1.0, 0.0, 0.3], [0.0, 1.0, 2.0]])
    pairs = {
        "normal": (D.Normal(x, y), D.Normal(y, x), x + 0.1), "uniform": (D.Uniform(x, x + y), D.Uniform(x - 1, x + 3), x + 0.1),
        "laplace": (D.Laplace(x, y), D.Laplace(y, x), x + 0.1), "exponential": (D.Exponential(y), D.Exponential(x), x),
        "bernoulli": (D.Bernoulli(share), D.Bernoulli(other), torch.tensor([0.0, 1.0, 1.0])),
        "categorical": (D.Categorical(logits=logits), D.Categorical(logits=others), torch.tensor([2, 0])),
    }
    found = {}
    for name, (p, q, at) in pairs.items():
        found[name] = {"log_prob": p.log_prob(at), "entropy": p.entropy(), "kl": D.kl_divergence(p, q)}
        if name != "categorical":
            found[name].update(mean=p.mean, variance=p.variance)
    return {name: {k: v.tolist() for k, v in values.items()} for name, values in found.items()}


def main():
    for family in linear_algebra, fourier:
        torch.manual_seed(0)
        tensors.clear()
        family()
        save_file(tensors, f"{family.__name__}.safetensors")
    with open("distributions.json", "w") as file:
        json.dump(distributions(), file)


if __name__ == "__main__":
    main()
