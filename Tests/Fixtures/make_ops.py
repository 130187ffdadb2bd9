#!/usr/bin/env python3
"""ops.safetensors / ops.json: single operators with upstream and input gradients, in float32 and float64.

Tensor keys are CASE/ROLE/NAME.  Roles:
  in     inputs (float ones are float32; the float64 run uses the same values widened)
  gout   upstream gradient of each float output      (names: output index)
  out    outputs of the float32 run                  gin    input gradients of the float32 run
  out64  outputs of the float64 run                  gin64  input gradients of the float64 run
In the manifest each case has op, attrs (PyTorch's keyword names), inputs in order, `grad` (inputs with a
gradient) and torch_err: max |float32 - float64| / max(1, max |float64|) over outputs and over gradients,
that is, what PyTorch itself achieves in float32.
"""
import math
import torch
import torch.nn.functional as F
from fixture_files import save, seed

CASES, TENSORS = [], {}
INF = float("inf")


def R(*shape, scale=1.0, shift=0.0):
    return torch.randn(shape) * scale + shift


def U(*shape, lo=0.1, hi=2.0):
    return torch.rand(shape) * (hi - lo) + lo


def I(*values):
    return torch.tensor(values)


def ids(*shape, high):
    return torch.randint(0, high, shape)


def B(*shape):
    return torch.rand(*shape) > 0.4


def distinct(*shape):
    """No ties: a shuffled, evenly spaced range."""
    n = math.prod(shape)
    return ((torch.randperm(n).float() - n / 2) / 4).view(shape)


def outputs(f, inputs, attrs, double, grads):
    """Run f in one precision; returns outputs (list) and, given upstream gradients, input gradients."""
    args = {k: (v.double() if double and v.is_floating_point() else v.clone()) for k, v in inputs.items()}
    leaves = {k: v.requires_grad_() for k, v in args.items() if v.is_floating_point() and k not in grads["nograd"]}
    out = f(**args, **attrs)
    out = [o for o in (out if isinstance(out, (tuple, list)) else [out]) if o is not None]
    live = [i for i, o in enumerate(out) if o.requires_grad]
    if not live:
        return out, {}
    if "gout" not in grads:
        grads["gout"] = {i: torch.randn(out[i].shape) for i in live}
    got = torch.autograd.grad([out[i] for i in live], list(leaves.values()),
                              [grads["gout"][i].to(out[i].dtype) for i in live], allow_unused=True)
    return out, {k: g for k, g in zip(leaves, got) if g is not None}


def error(a, b):
    worst = 0.0
    for x, y in zip((t.detach() for t in a), (t.detach() for t in b)):
        if y.is_floating_point() and y.numel():
            finite = y.isfinite()
            worst = max(worst, float((x.double() - y)[finite].abs().amax() / y[finite].abs().amax().clamp(min=1)) if finite.any() else 0)
    return worst


def case(op, variant, f, inputs, attrs=None, nograd=(), f_attrs=True):
    attrs, name = attrs or {}, f"{op}.{variant}" if variant else op
    assert name not in {c["name"] for c in CASES}, name
    seed(len(CASES) + 1)
    inputs = {k: (v() if callable(v) else v) for k, v in inputs.items()}
    state = {"nograd": set(nograd)}
    passed = attrs if f_attrs else {}
    # float64 first: it fixes which outputs get gradients
    out64, gin64 = outputs(f, inputs, passed, True, state)
    out32, gin32 = outputs(f, inputs, passed, False, state)
    for k, v in inputs.items():
        TENSORS[f"{name}/in/{k}"] = v
    for i, (a, b) in enumerate(zip(out32, out64)):
        TENSORS[f"{name}/out/{i}"] = a
        if b.is_floating_point():
            TENSORS[f"{name}/out64/{i}"] = b
    for i, g in state.get("gout", {}).items():
        TENSORS[f"{name}/gout/{i}"] = g
    for k in gin64:
        TENSORS[f"{name}/gin/{k}"], TENSORS[f"{name}/gin64/{k}"] = gin32[k], gin64[k]
    CASES.append(dict(name=name, op=op, attrs={k: (str(v) if isinstance(v, float) and not math.isfinite(v) else v) for k, v in attrs.items()},
                      inputs=list(inputs), outputs=len(out32), grad=list(gin64),
                      torch_err=[error(out32, out64), error(list(gin32.values()), list(gin64.values()))]))




# ------------------------------------------------------------------ elementwise

SIGNED = lambda: R(3, 17)
POS = lambda: U(3, 17)
UNIT = lambda: U(3, 17, lo=-0.95, hi=0.95)
for name, draw in dict(neg=SIGNED, abs=SIGNED, exp=SIGNED, expm1=SIGNED, exp2=SIGNED, log=POS, log1p=POS, log2=POS, log10=POS, sqrt=POS,
                       rsqrt=POS, square=SIGNED, reciprocal=POS, sin=SIGNED, cos=SIGNED, tan=UNIT, asin=UNIT, acos=UNIT, atan=SIGNED,
                       sinh=SIGNED, cosh=SIGNED, tanh=SIGNED, sigmoid=SIGNED, erf=SIGNED, floor=SIGNED, ceil=SIGNED, trunc=SIGNED,
                       sign=SIGNED).items():
    case(name, "", lambda x, _f=getattr(torch, name): _f(x), dict(x=draw))
case("round", "half_to_even", torch.round, dict(input=I(-2.5, -1.5, -0.5, 0.5, 1.5, 2.5, 0.49999997, 1e10)))
case("abs", "at_zero", torch.abs, dict(input=I(-1.0, -0.0, 0.0, 1.0)))
case("exp", "extremes", torch.exp, dict(input=I(-200.0, -87.0, -1e-8, 0.0, 1e-8, 88.0)))
case("log", "extremes", torch.log, dict(input=I(1e-38, 1e-10, 0.99999994, 1.0, 1.0000001, 3e38)))
case("tanh", "extremes", torch.tanh, dict(input=I(-30.0, -9.0, -1e-4, 0.0, 1e-4, 9.0, 30.0)))
case("sigmoid", "extremes", torch.sigmoid, dict(input=I(-100.0, -20.0, 0.0, 20.0, 100.0)))

ACT = lambda: torch.cat([R(3, 16, scale=3).flatten(), I(0.0, -0.0, 3.0, -3.0, 6.0, -6.0, 25.0, -25.0)])
for name, attrs in [("relu", {}), ("relu6", {}), ("silu", {}), ("mish", {}), ("hardswish", {}), ("hardsigmoid", {}), ("softsign", {}),
                    ("selu", {}), ("logsigmoid", {}), ("tanhshrink", {}), ("gelu", dict(approximate="none")), ("gelu", dict(approximate="tanh")),
                    ("leaky_relu", dict(negative_slope=0.1)), ("elu", dict(alpha=1.3)), ("celu", dict(alpha=1.3)),
                    ("softplus", dict(beta=1.0, threshold=20.0)), ("softplus", dict(beta=2.0, threshold=5.0)), ("softshrink", dict(lambd=0.5)),
                    ("hardtanh", dict(min_val=-1.5, max_val=2.0)), ("threshold", dict(threshold=0.5, value=-2.0))]:
    case(name, "_".join(str(v) for v in attrs.values()), lambda input, _f=getattr(F, name), **a: _f(input, **a), dict(input=ACT), attrs)
case("prelu", "channels", F.prelu, dict(input=lambda: R(2, 3, 4), weight=lambda: R(3)))
case("glu", "dim1", F.glu, dict(input=lambda: R(3, 6, 2)), dict(dim=1))

for name, draw in dict(add=SIGNED, sub=SIGNED, mul=SIGNED, div=lambda: U(3, 17), maximum=SIGNED, minimum=SIGNED, atan2=SIGNED).items():
    f = getattr(torch, name)
    case(name, "same", lambda a, b, _f=f: _f(a, b), dict(a=SIGNED, b=draw))
    case(name, "broadcast", lambda a, b, _f=f: _f(a, b), dict(a=lambda: R(4, 1, 5, 1), b=(lambda: U(3, 1, 7)) if name == "div" else (lambda: R(3, 1, 7))))
for name in ("add", "mul", "sub"):
    f = getattr(torch, name)
    case(name, "scalar_tensor", lambda a, b, _f=f: _f(a, b), dict(a=lambda: R(2, 3), b=lambda: R()))
    case(name, "row", lambda a, b, _f=f: _f(a, b), dict(a=lambda: R(5, 33), b=lambda: R(33)))
    case(name, "column", lambda a, b, _f=f: _f(a, b), dict(a=lambda: R(5, 33), b=lambda: R(5, 1)))
case("maximum", "ties", torch.maximum, dict(input=I(1.0, 2.0, 3.0), other=I(1.0, 1.0, 4.0)))
case("pow", "tensor", torch.pow, dict(input=lambda: U(4, 5), exponent=lambda: R(4, 5)))
for e in (2.0, 3.0, 0.5, -1.0, 0.0):
    case("pow", f"scalar_{e}", torch.pow, dict(input=lambda: U(4, 5)), dict(exponent=e))
case("fmod", "", torch.fmod, dict(input=lambda: R(4, 5, scale=5)), dict(other=1.5))
case("remainder", "sign_of_divisor", torch.remainder, dict(input=lambda: R(4, 5, scale=5)), dict(other=-1.5))
case("clamp", "bounds", torch.clamp, dict(input=I(-2.0, -1.0, -0.5, 0.0, 0.5, 1.0, 2.0)), dict(min=-1.0, max=1.0))
case("clamp", "min_only", torch.clamp, dict(input=lambda: R(4, 5)), dict(min=0.1))
case("where", "broadcast", torch.where, dict(condition=lambda: B(3, 1, 5), input=lambda: R(3, 4, 5), other=lambda: R(4, 1)))
case("masked_fill", "", torch.masked_fill, dict(input=lambda: R(3, 4), mask=lambda: B(3, 4)), dict(value=-7.5))
case("lerp", "tensor", torch.lerp, dict(input=lambda: R(3, 4), end=lambda: R(3, 4), weight=lambda: U(3, 4)))
case("addcmul", "", torch.addcmul, dict(input=lambda: R(3, 4), tensor1=lambda: R(3, 1), tensor2=lambda: R(4)), dict(value=0.3))
case("addcdiv", "", torch.addcdiv, dict(input=lambda: R(3, 4), tensor1=lambda: R(3, 1), tensor2=lambda: U(4)), dict(value=0.3))
for name in ("eq", "ne", "lt", "le", "gt", "ge"):
    case(name, "", lambda a, b, _f=getattr(torch, name): _f(a, b), dict(a=lambda: ids(4, 5, high=3).float(), b=lambda: ids(5, high=3).float()))
case("logical_and", "", torch.logical_and, dict(input=lambda: B(4, 5), other=lambda: B(5)))
case("isnan", "", torch.isnan, dict(input=I(0.0, float("nan"), INF, -INF)))
case("cast", "float_to_int_truncates", lambda input: input.long(), dict(input=I(-1.9, -0.5, 0.5, 1.9, 2.5)))

# ------------------------------------------------------------------ reductions

for name in ("sum", "mean", "prod", "amax", "amin", "logsumexp", "var", "std"):
    f = getattr(torch, name)
    if name != "logsumexp":
        case(name, "all", lambda input, _f=f: _f(input), dict(input=lambda: distinct(3, 5) * 0.3 + 0.1))
    case(name, "dim1", lambda input, dim, _f=f: _f(input, dim), dict(input=lambda: R(3, 5, 7)), dict(dim=1))
    if name != "prod":
        case(name, "dims_keep", lambda input, dim, keepdim, _f=f: _f(input, dim=dim, keepdim=keepdim), dict(input=lambda: R(3, 5, 7)),
             dict(dim=[0, -1], keepdim=True))
case("sum", "large", torch.sum, dict(input=lambda: R(300, 100, shift=1.0)))
case("sum", "empty", torch.sum, dict(input=torch.zeros(0, 3)), dict(dim=0))
case("sum", "scalar", torch.sum, dict(input=torch.tensor(2.5)))
case("mean", "large", torch.mean, dict(input=lambda: R(300, 100, shift=100.0)))
case("prod", "one_zero", torch.prod, dict(input=I(2.0, 0.0, 3.0)))
case("prod", "two_zeros", torch.prod, dict(input=I(2.0, 0.0, 0.0)))
case("amax", "ties_share_gradient", lambda input, dim: torch.amax(input, dim), dict(input=torch.tensor([[1.0, 3.0, 3.0], [2.0, 2.0, 2.0]])), dict(dim=1))
case("max", "all_ties", lambda input: torch.max(input), dict(input=I(1.0, 3.0, 3.0)))
case("max", "dim", lambda input, dim: tuple(torch.max(input, dim)), dict(input=lambda: distinct(3, 5, 7)), dict(dim=1))
case("max", "dim_ties_first", lambda input, dim: tuple(torch.max(input, dim)), dict(input=torch.tensor([[1.0, 3.0, 3.0], [2.0, 2.0, 2.0]])), dict(dim=1))
case("min", "dim", lambda input, dim: tuple(torch.min(input, dim)), dict(input=lambda: distinct(3, 5, 7)), dict(dim=-1))
case("argmax", "dim", torch.argmax, dict(input=lambda: distinct(3, 5, 7)), dict(dim=1))
case("argmax", "flat", torch.argmax, dict(input=lambda: distinct(3, 5)))
case("argmin", "keepdim", torch.argmin, dict(input=lambda: distinct(3, 5)), dict(dim=0, keepdim=True))
for c in (0, 1):
    case("var", f"correction{c}", lambda input, dim, correction: torch.var(input, dim=dim, correction=correction), dict(input=lambda: R(4, 9)), dict(dim=1, correction=c))
for p in (1.0, 2.0, 3.0, INF):
    case("norm", f"p{p}", lambda input, p, dim: torch.linalg.vector_norm(input, p, dim), dict(input=lambda: distinct(4, 9) + 0.1), dict(p=p, dim=1))
case("norm", "zero_vector", lambda input: torch.linalg.vector_norm(input), dict(input=torch.zeros(4)))
case("logsumexp", "large", torch.logsumexp, dict(input=torch.tensor([[1000.0, 999.0], [-1000.0, -1001.0], [-INF, 1.0]])), dict(dim=1))
case("cumsum", "dim1", torch.cumsum, dict(input=lambda: R(3, 6, 2)), dict(dim=1))
case("cumprod", "dim0", torch.cumprod, dict(input=lambda: U(5, 3)), dict(dim=0))
case("any", "dim", torch.any, dict(input=lambda: torch.rand(4, 5) > 0.8), dict(dim=1))
case("all", "dim", torch.all, dict(input=lambda: torch.rand(4, 5) > 0.2), dict(dim=1))
case("count_nonzero", "", torch.count_nonzero, dict(input=lambda: ids(4, 5, high=2).float()), dict(dim=1))

# ------------------------------------------------------------------ matrix products

for label, a, b in [("dot", (5,), (5,)), ("mat_vec", (4, 5), (5,)), ("vec_mat", (5,), (5, 3)), ("mat_mat", (4, 5), (5, 3)), ("odd", (17, 33), (33, 9)),
                    ("batch", (2, 4, 5), (2, 5, 3)), ("broadcast", (2, 1, 4, 5), (3, 5, 3)), ("batch_vec", (2, 4, 5), (5,)), ("k1", (7, 1), (1, 6)),
                    ("row", (1, 65), (65, 70)), ("blocky", (70, 130), (130, 66))]:
    case("matmul", label, torch.matmul, dict(input=lambda a=a: R(*a), other=lambda b=b: R(*b)))
case("matmul", "transposed_a", lambda a, b: a.mT @ b, dict(a=lambda: R(9, 20), b=lambda: R(9, 18)))
case("matmul", "transposed_b", lambda a, b: a @ b.mT, dict(a=lambda: R(20, 9), b=lambda: R(18, 9)))
case("matmul", "empty_k", torch.matmul, dict(input=torch.zeros(3, 0), other=torch.zeros(0, 2)))
case("bmm", "", torch.bmm, dict(input=lambda: R(3, 4, 5), mat2=lambda: R(3, 5, 6)))
case("addmm", "", torch.addmm, dict(input=lambda: R(6), mat1=lambda: R(4, 5), mat2=lambda: R(5, 6)), dict(beta=0.5, alpha=2.0))
case("baddbmm", "", torch.baddbmm, dict(input=lambda: R(3, 4, 6), batch1=lambda: R(3, 4, 5), batch2=lambda: R(3, 5, 6)), dict(beta=0.5, alpha=2.0))
case("outer", "", torch.outer, dict(input=lambda: R(4), vec2=lambda: R(6)))
case("linear", "bias", F.linear, dict(input=lambda: R(4, 5), weight=lambda: R(3, 5), bias=lambda: R(3)))
case("linear", "nobias_3d", F.linear, dict(input=lambda: R(2, 4, 5), weight=lambda: R(3, 5)))
case("linear", "vector", F.linear, dict(input=lambda: R(5), weight=lambda: R(3, 5), bias=lambda: R(3)))
case("bilinear", "", F.bilinear, dict(input1=lambda: R(4, 3), input2=lambda: R(4, 5), weight=lambda: R(2, 3, 5), bias=lambda: R(2)))
for eq, a, b in [("bij,bjk->bik", (2, 3, 4), (2, 4, 5)), ("bhqd,bhkd->bhqk", (2, 2, 3, 4), (2, 2, 5, 4)), ("ij,j->i", (3, 4), (4,)), ("ij,kl->ijkl", (2, 3), (2, 2))]:
    case("einsum", eq, lambda a, b, equation: torch.einsum(equation, a, b), dict(a=lambda a=a: R(*a), b=lambda b=b: R(*b)), dict(equation=eq))
case("cdist", "", torch.cdist, dict(x1=lambda: R(4, 3), x2=lambda: R(5, 3)))

# ------------------------------------------------------------------ shape and index

X = lambda: R(3, 4, 5)
case("reshape", "", lambda input, shape: input.reshape(shape), dict(input=X), dict(shape=[5, -1, 2]))
case("permute", "", lambda input, dims: input.permute(dims), dict(input=X), dict(dims=[2, 0, 1]))
case("transpose", "", lambda input, dim0, dim1: input.transpose(dim0, dim1), dict(input=X), dict(dim0=-1, dim1=0))
case("expand", "", lambda input, size: input.expand(size), dict(input=lambda: R(3, 1, 5)), dict(size=[2, 3, 4, 5]))
case("squeeze", "", lambda input, dim: input.squeeze(dim), dict(input=lambda: R(3, 1, 5)), dict(dim=1))
case("unsqueeze", "", lambda input, dim: input.unsqueeze(dim), dict(input=X), dict(dim=-2))
case("flatten", "", torch.flatten, dict(input=X), dict(start_dim=1))
case("cat", "dim1", lambda a, b, c, dim: torch.cat([a, b, c], dim), dict(a=lambda: R(3, 2, 5), b=lambda: R(3, 1, 5), c=lambda: R(3, 4, 5)), dict(dim=1))
case("cat", "with_empty", lambda a, b, dim: torch.cat([a, b], dim), dict(a=lambda: R(2, 0), b=lambda: R(2, 3)), dict(dim=1))
case("stack", "dim1", lambda a, b, dim: torch.stack([a, b], dim), dict(a=X, b=X), dict(dim=1))
case("split", "uneven", lambda input, split_size, dim: torch.split(input, split_size, dim), dict(input=lambda: R(3, 7)), dict(split_size=3, dim=1))
case("split", "sizes", lambda input, split_size, dim: torch.split(input, split_size, dim), dict(input=lambda: R(3, 7)), dict(split_size=[1, 4, 2], dim=-1))
case("chunk", "uneven", torch.chunk, dict(input=lambda: R(3, 7)), dict(chunks=3, dim=1))
case("unbind", "", torch.unbind, dict(input=lambda: R(3, 4)), dict(dim=1))
case("narrow", "", torch.narrow, dict(input=X), dict(dim=1, start=1, length=2))
case("select", "negative", torch.select, dict(input=X), dict(dim=1, index=-1))
case("slice", "step", lambda input, dim, start, end, step: input[:, start:end:step], dict(input=lambda: R(3, 9)), dict(dim=1, start=1, end=8, step=3))
case("roll", "dim", torch.roll, dict(input=X), dict(shifts=[2, -1], dims=[1, 2]))
case("roll", "flat", torch.roll, dict(input=X), dict(shifts=7))
case("flip", "", torch.flip, dict(input=X), dict(dims=[0, 2]))
case("repeat", "", lambda input, repeats: input.repeat(repeats), dict(input=lambda: R(2, 3)), dict(repeats=[2, 1, 3]))
case("repeat_interleave", "", torch.repeat_interleave, dict(input=lambda: R(2, 3)), dict(repeats=2, dim=1))
case("tril", "", torch.tril, dict(input=lambda: R(2, 4, 5)), dict(diagonal=1))
case("triu", "", torch.triu, dict(input=lambda: R(2, 4, 5)), dict(diagonal=-1))
case("diagonal", "", torch.diagonal, dict(input=lambda: R(4, 5)), dict(offset=1))
for mode, pad in [("constant", [1, 2, 3, 0]), ("reflect", [1, 2, 2, 1]), ("replicate", [1, 2, 2, 3]), ("circular", [1, 2, 2, 1]), ("constant", [-1, 2, 0, -1])]:
    attrs = dict(pad=pad, mode=mode, **({"value": 1.5} if mode == "constant" else {}))
    case("pad", f"{mode}_{'neg' if min(pad) < 0 else 'pos'}", F.pad, dict(input=lambda: R(2, 3, 4, 5)), attrs)
case("gather", "repeats", torch.gather, dict(input=lambda: R(4, 5), index=lambda: ids(4, 3, high=5)), dict(dim=1))
case("scatter", "src", lambda input, index, src, dim: input.scatter(dim, index, src),
     dict(input=lambda: R(4, 5), index=lambda: torch.stack([torch.randperm(5)[:3] for _ in range(4)]), src=lambda: R(4, 3)), dict(dim=1))
case("scatter", "value", lambda input, index, dim, value: input.scatter(dim, index, value), dict(input=lambda: R(4, 5), index=lambda: ids(4, 3, high=5)), dict(dim=1, value=2.5))
case("scatter_add", "repeats", lambda input, index, src, dim: input.scatter_add(dim, index, src),
     dict(input=lambda: R(4, 5), index=lambda: ids(4, 6, high=5), src=lambda: R(4, 6)), dict(dim=1))
for reduce in ("amax", "mean", "prod"):
    case("scatter_reduce", reduce, lambda input, index, src, dim, reduce: input.scatter_reduce(dim, index, src, reduce),
         dict(input=lambda: distinct(4, 5) + 0.3, index=lambda: ids(4, 6, high=5), src=lambda: distinct(4, 6) + 0.4), dict(dim=1, reduce=reduce))
case("index_select", "repeats", lambda input, index, dim: torch.index_select(input, dim, index), dict(input=X, index=I(3, 0, 3, 1)), dict(dim=1))
case("index_add", "repeats", lambda input, index, source, dim, alpha: torch.index_add(input, dim, index, source, alpha=alpha),
     dict(input=X, index=I(3, 0, 3), source=lambda: R(3, 3, 5)), dict(dim=1, alpha=0.5))
case("index_put", "accumulate", lambda input, i, j, values, accumulate: input.index_put((i, j), values, accumulate),
     dict(input=lambda: R(4, 5), i=I(0, 3, 0, 2), j=I(1, 4, 1, 2), values=lambda: R(4)), dict(accumulate=True))
case("advanced_index", "rows_cols", lambda input, i, j: input[i, j], dict(input=X, i=I(0, 2, 2), j=I(3, 0, 0)))
case("advanced_index", "mask", lambda input, mask: input[mask], dict(input=lambda: R(4, 5), mask=lambda: B(4, 5)))
case("take_along_dim", "", lambda input, indices, dim: torch.take_along_dim(input, indices, dim), dict(input=lambda: R(4, 5), indices=lambda: ids(4, 2, high=5)), dict(dim=1))
case("nonzero", "", torch.nonzero, dict(input=lambda: ids(4, 5, high=2)))
case("one_hot", "", F.one_hot, dict(input=lambda: ids(3, 4, high=6)), dict(num_classes=6))
case("embedding", "repeats", F.embedding, dict(input=lambda: ids(3, 6, high=7), weight=lambda: R(7, 4)))
case("embedding", "padding_idx", F.embedding, dict(input=I(0, 2, 2, 5), weight=lambda: R(7, 4)), dict(padding_idx=2))
case("sort", "ascending", lambda input, dim: tuple(torch.sort(input, dim)), dict(input=lambda: distinct(3, 9)), dict(dim=1))
case("sort", "descending_dim0", lambda input, dim, descending: tuple(torch.sort(input, dim, descending)), dict(input=lambda: distinct(6, 3)), dict(dim=0, descending=True))
case("sort", "stable_ties", lambda input, stable: tuple(torch.sort(input, stable=stable)), dict(input=I(2.0, 1.0, 2.0, 1.0, 0.0)), dict(stable=True))
case("argsort", "", torch.argsort, dict(input=lambda: distinct(3, 9)), dict(dim=1))
case("topk", "largest", lambda input, k, dim: tuple(torch.topk(input, k, dim)), dict(input=lambda: distinct(3, 9)), dict(k=4, dim=1))
case("topk", "smallest", lambda input, k, dim, largest: tuple(torch.topk(input, k, dim, largest)), dict(input=lambda: distinct(9, 3)), dict(k=2, dim=0, largest=False))
case("searchsorted", "right", torch.searchsorted, dict(sorted_sequence=I(1.0, 2.0, 2.0, 5.0), input=I(0.0, 2.0, 5.0, 9.0)), dict(right=True), nograd=("sorted_sequence", "input"))
case("unfold", "im2col", F.unfold, dict(input=lambda: R(2, 3, 7, 6)), dict(kernel_size=[3, 2], dilation=[1, 2], padding=[1, 0], stride=[2, 1]))
case("fold", "col2im", F.fold, dict(input=lambda: R(2, 12, 9)), dict(output_size=[4, 4], kernel_size=[2, 2]))
case("pixel_shuffle", "", F.pixel_shuffle, dict(input=lambda: R(2, 8, 3, 4)), dict(upscale_factor=2))

# ------------------------------------------------------------------ convolution

CONV2D = {  # label: (input, weight, bias?, attributes)
    "basic3x3": ((2, 3, 7, 8), (4, 3, 3, 3), True, {}), "pad1": ((2, 3, 7, 8), (4, 3, 3, 3), True, dict(padding=1)),
    "nobias": ((2, 3, 7, 8), (4, 3, 3, 3), False, dict(padding=1)), "stride2": ((2, 3, 9, 8), (4, 3, 3, 3), True, dict(stride=2, padding=1)),
    "k1": ((2, 5, 6, 7), (8, 5, 1, 1), True, {}), "k1_stride2": ((2, 5, 7, 7), (8, 5, 1, 1), False, dict(stride=2)),
    "k7_stride2": ((1, 3, 17, 19), (4, 3, 7, 7), False, dict(stride=2, padding=3)), "k5": ((1, 2, 9, 9), (3, 2, 5, 5), True, dict(padding=2)),
    "asymmetric": ((2, 3, 9, 8), (4, 3, 3, 2), True, dict(stride=[2, 1], padding=[0, 1], dilation=[1, 2])),
    "dilation2": ((2, 3, 9, 9), (4, 3, 3, 3), True, dict(padding=2, dilation=2)), "groups2": ((2, 4, 7, 7), (6, 2, 3, 3), True, dict(padding=1, groups=2)),
    "depthwise": ((2, 6, 7, 7), (6, 1, 3, 3), True, dict(padding=1, groups=6)), "depthwise_stride2": ((2, 6, 8, 9), (6, 1, 3, 3), False, dict(stride=2, padding=1, groups=6)),
    "depthwise_k5": ((1, 5, 9, 9), (5, 1, 5, 5), True, dict(padding=2, groups=5)), "depthwise_multiplier2": ((2, 3, 7, 7), (6, 1, 3, 3), True, dict(padding=1, groups=3)),
    "same": ((2, 3, 7, 8), (4, 3, 4, 3), True, dict(padding="same")), "wide_channels": ((1, 33, 6, 6), (35, 33, 3, 3), True, dict(padding=1)),
    "full_size_kernel": ((2, 3, 4, 4), (5, 3, 4, 4), True, {}), "pad_over_kernel": ((1, 2, 4, 4), (2, 2, 2, 2), True, dict(padding=3)),
    "stride3_leftover": ((1, 2, 10, 11), (3, 2, 3, 3), True, dict(stride=3)),
}
for label, (x, w, bias, attrs) in CONV2D.items():
    case("conv2d", label, F.conv2d, dict(input=lambda: R(*x), weight=lambda: R(*w, scale=0.3), **({"bias": lambda: R(w[0])} if bias else {})), attrs)
for label, x, w, attrs in [("basic", (2, 3, 11), (4, 3, 3), {}), ("stride2_pad", (2, 3, 11), (4, 3, 4), dict(stride=2, padding=2)),
                           ("groups_dilated", (2, 4, 13), (4, 2, 3), dict(groups=2, dilation=3, padding=3))]:
    case("conv1d", label, F.conv1d, dict(input=lambda: R(*x), weight=lambda: R(*w), bias=lambda: R(w[0])), attrs)
case("conv3d", "pad1", F.conv3d, dict(input=lambda: R(1, 2, 4, 5, 5), weight=lambda: R(3, 2, 3, 3, 3), bias=lambda: R(3)), dict(padding=1, stride=[1, 2, 1]))
for label, x, w, out, attrs in [("basic", (2, 3, 5, 6), (3, 4, 3, 3), 4, {}), ("stride2", (2, 3, 5, 6), (3, 4, 2, 2), 4, dict(stride=2)),
                                ("output_padding", (2, 3, 5, 6), (3, 4, 3, 3), 4, dict(stride=2, padding=1, output_padding=1)),
                                ("groups", (2, 4, 5, 5), (4, 3, 3, 3), 6, dict(groups=2, padding=1)), ("dilation", (1, 2, 5, 5), (2, 3, 3, 3), 3, dict(dilation=2, stride=2))]:
    case("conv_transpose2d", label, F.conv_transpose2d, dict(input=lambda: R(*x), weight=lambda: R(*w), bias=lambda: R(out)), attrs)
case("conv_transpose1d", "stride2", F.conv_transpose1d, dict(input=lambda: R(2, 3, 6), weight=lambda: R(3, 4, 4), bias=lambda: R(4)), dict(stride=2, padding=1))

# ------------------------------------------------------------------ pooling, resampling

for label, attrs in [("k2", dict(kernel_size=2)), ("k3_stride2_pad1", dict(kernel_size=3, stride=2, padding=1)), ("ceil", dict(kernel_size=3, stride=2, ceil_mode=True)),
                     ("dilation", dict(kernel_size=2, stride=1, dilation=2)), ("sppf", dict(kernel_size=5, stride=1, padding=2)), ("rect", dict(kernel_size=[3, 2], stride=[1, 2]))]:
    case("max_pool2d", label, F.max_pool2d, dict(input=lambda: distinct(2, 3, 8, 9)), attrs)
case("max_pool2d", "ties_first", F.max_pool2d, dict(input=torch.ones(1, 1, 4, 4)), dict(kernel_size=2))
case("max_pool1d", "k3", F.max_pool1d, dict(input=lambda: distinct(2, 3, 10)), dict(kernel_size=3, stride=2, padding=1))
for label, attrs in [("k2", dict(kernel_size=2)), ("pad_counted", dict(kernel_size=3, stride=2, padding=1)), ("pad_not_counted", dict(kernel_size=3, stride=2, padding=1, count_include_pad=False)),
                     ("ceil", dict(kernel_size=3, stride=2, ceil_mode=True)), ("ceil_pad", dict(kernel_size=3, stride=2, padding=1, ceil_mode=True)), ("divisor", dict(kernel_size=2, divisor_override=3))]:
    case("avg_pool2d", label, F.avg_pool2d, dict(input=lambda: R(2, 3, 8, 9)), attrs)
case("avg_pool1d", "k3", F.avg_pool1d, dict(input=lambda: R(2, 3, 10)), dict(kernel_size=3, stride=2))
for size in (1, [3, 2], [5, 7]):
    case("adaptive_avg_pool2d", str(size), F.adaptive_avg_pool2d, dict(input=lambda: R(2, 3, 8, 9)), dict(output_size=size))
case("adaptive_max_pool2d", "3x2", F.adaptive_max_pool2d, dict(input=lambda: distinct(2, 3, 8, 9)), dict(output_size=[3, 2]))
case("adaptive_avg_pool1d", "4", F.adaptive_avg_pool1d, dict(input=lambda: R(2, 3, 10)), dict(output_size=4))
for label, x, attrs in [("nearest_x2", (2, 3, 4, 5), dict(scale_factor=2, mode="nearest")), ("nearest_size", (2, 3, 5, 7), dict(size=[8, 4], mode="nearest")),
                        ("nearest_exact_size", (2, 3, 5, 7), dict(size=[8, 4], mode="nearest-exact")), ("bilinear_x2", (2, 3, 4, 5), dict(scale_factor=2, mode="bilinear", align_corners=False)),
                        ("bilinear_aligned", (2, 3, 4, 5), dict(size=[7, 11], mode="bilinear", align_corners=True)), ("bilinear_down", (2, 3, 9, 8), dict(size=[4, 3], mode="bilinear", align_corners=False)),
                        ("bilinear_antialias", (2, 3, 9, 8), dict(size=[4, 3], mode="bilinear", antialias=True)), ("bicubic_x2", (1, 2, 4, 5), dict(scale_factor=2, mode="bicubic", align_corners=False)),
                        ("bilinear_scale_1.5", (1, 2, 5, 5), dict(scale_factor=1.5, mode="bilinear", align_corners=False)), ("area", (1, 2, 6, 9), dict(size=[3, 3], mode="area"))]:
    case("interpolate", label, F.interpolate, dict(input=lambda: R(*x)), attrs)
case("interpolate", "linear_1d", F.interpolate, dict(input=lambda: R(2, 3, 6)), dict(size=9, mode="linear", align_corners=False))
for mode in ("bilinear", "nearest"):
    for padding in ("zeros", "border", "reflection"):
        for align in (False, True):
            if mode == "bilinear" or (padding == "zeros" and not align):
                case("grid_sample", f"{mode}_{padding}_{'aligned' if align else 'plain'}", F.grid_sample,
                     dict(input=lambda: R(2, 3, 5, 6), grid=lambda: U(2, 4, 3, 2, lo=-1.3, hi=1.3)), dict(mode=mode, padding_mode=padding, align_corners=align))
case("affine_grid", "", F.affine_grid, dict(theta=lambda: R(2, 2, 3)), dict(size=[2, 3, 4, 5], align_corners=False))

# ------------------------------------------------------------------ normalisation, softmax, attention

for label, x in [("4d", (4, 3, 5, 5)), ("2d", (8, 5)), ("3d", (4, 3, 6))]:
    def batch_norm(input, weight, bias, running_mean, running_var, momentum, eps):
        mean, var = running_mean.clone(), running_var.clone()
        return F.batch_norm(input, mean, var, weight, bias, True, momentum, eps), mean, var
    c = x[1]
    case("batch_norm", f"train_{label}", batch_norm, dict(input=lambda: R(*x, scale=2, shift=1), weight=lambda: R(c), bias=lambda: R(c), running_mean=lambda: R(c), running_var=lambda: U(c)),
         dict(momentum=0.1, eps=1e-5), nograd=("running_mean", "running_var"))
case("batch_norm", "eval", lambda input, weight, bias, running_mean, running_var, eps: F.batch_norm(input, running_mean, running_var, weight, bias, False, 0.0, eps),
     dict(input=lambda: R(4, 3, 5, 5), weight=lambda: R(3), bias=lambda: R(3), running_mean=lambda: R(3), running_var=lambda: U(3)), dict(eps=1e-3), nograd=("running_mean", "running_var"))
case("batch_norm", "train_no_affine_no_stats", lambda input, eps: F.batch_norm(input, None, None, training=True, eps=eps), dict(input=lambda: R(4, 3, 5, 5)), dict(eps=1e-5))
case("layer_norm", "last", lambda input, weight, bias, normalized_shape, eps: F.layer_norm(input, normalized_shape, weight, bias, eps),
         dict(input=lambda: R(3, 4, 33, shift=2), weight=lambda: R(33), bias=lambda: R(33)), dict(normalized_shape=[33], eps=1e-5))
case("layer_norm", "two_dims", lambda input, weight, bias, normalized_shape, eps: F.layer_norm(input, normalized_shape, weight, bias, eps),
     dict(input=lambda: R(3, 4, 5), weight=lambda: R(4, 5), bias=lambda: R(4, 5)), dict(normalized_shape=[4, 5], eps=1e-5))
case("layer_norm", "plain", lambda input, normalized_shape, eps: F.layer_norm(input, normalized_shape, eps=eps), dict(input=lambda: R(3, 16)), dict(normalized_shape=[16], eps=1e-6))
case("layer_norm", "large_mean", lambda input, normalized_shape, eps: F.layer_norm(input, normalized_shape, eps=eps), dict(input=lambda: R(3, 64, shift=1000)), dict(normalized_shape=[64], eps=1e-5))
case("group_norm", "3_groups", lambda input, weight, bias, num_groups, eps: F.group_norm(input, num_groups, weight, bias, eps),
         dict(input=lambda: R(2, 6, 4, 5), weight=lambda: R(6), bias=lambda: R(6)), dict(num_groups=3, eps=1e-5))
case("instance_norm", "", lambda input, weight, bias, eps: F.instance_norm(input, weight=weight, bias=bias, eps=eps), dict(input=lambda: R(2, 3, 4, 5), weight=lambda: R(3), bias=lambda: R(3)), dict(eps=1e-5))
case("rms_norm", "", lambda input, weight, normalized_shape, eps: F.rms_norm(input, normalized_shape, weight, eps), dict(input=lambda: R(3, 4, 33), weight=lambda: R(33)), dict(normalized_shape=[33], eps=1e-6))
case("local_response_norm", "", F.local_response_norm, dict(input=lambda: R(2, 6, 3, 3)), dict(size=3, alpha=0.1, beta=0.75, k=1.0))
case("normalize", "l2", F.normalize, dict(input=lambda: R(3, 7)), dict(p=2.0, dim=1, eps=1e-12))
case("cosine_similarity", "", F.cosine_similarity, dict(x1=lambda: R(4, 7), x2=lambda: R(4, 7)), dict(dim=1, eps=1e-8))
for name in ("softmax", "log_softmax", "softmin"):
    case(name, "last", getattr(F, name), dict(input=lambda: R(3, 4, 33, scale=3)), dict(dim=-1))
    case(name, "dim1", getattr(F, name), dict(input=lambda: R(3, 4, 5, scale=3)), dict(dim=1))
case("softmax", "large_values", F.softmax, dict(input=I(1e4, 1e4 + 1, -1e4)), dict(dim=0))
case("softmax", "masked_minus_inf", F.softmax, dict(input=torch.tensor([[1.0, -INF, 2.0], [-INF, 0.0, -INF]])), dict(dim=1))
case("softmax", "row_all_minus_inf_is_nan", F.softmax, dict(input=torch.tensor([[-INF, -INF], [0.0, 1.0]])), dict(dim=1), nograd=("input",))

QKV = lambda t=6, s=6, h=2, hk=2, d=8: dict(query=lambda: R(2, h, t, d), key=lambda: R(2, hk, s, d), value=lambda: R(2, hk, s, d))
case("sdpa", "plain", F.scaled_dot_product_attention, QKV())
case("sdpa", "causal", F.scaled_dot_product_attention, QKV(), dict(is_causal=True))
case("sdpa", "causal_rect_top_left", F.scaled_dot_product_attention, QKV(t=4, s=7), dict(is_causal=True))
case("sdpa", "scale", F.scaled_dot_product_attention, QKV(t=3, s=5), dict(scale=0.2))
case("sdpa", "bool_mask", F.scaled_dot_product_attention, dict(**QKV(t=3, s=5), attn_mask=lambda: torch.cat([torch.ones(3, 1), torch.randint(0, 2, (3, 4))], 1).bool()))
case("sdpa", "float_mask", F.scaled_dot_product_attention, dict(**QKV(t=3, s=5), attn_mask=lambda: R(2, 1, 3, 5)))
case("sdpa", "gqa", F.scaled_dot_product_attention, QKV(h=4, hk=2), dict(is_causal=True, enable_gqa=True))
case("sdpa", "long_odd", F.scaled_dot_product_attention, QKV(t=67, s=67, d=16), dict(is_causal=True))


def mha(query, key, value, in_proj_weight, in_proj_bias, out_weight, out_bias, key_padding_mask, num_heads):
    out, attn = F.multi_head_attention_forward(query, key, value, query.shape[-1], num_heads, in_proj_weight, in_proj_bias, None, None, False, 0.0,
                                               out_weight, out_bias, key_padding_mask=key_padding_mask, average_attn_weights=True)
    return out, attn


case("multi_head_attention", "time_first", mha,
     dict(query=lambda: R(4, 2, 8), key=lambda: R(5, 2, 8), value=lambda: R(5, 2, 8), in_proj_weight=lambda: R(24, 8, scale=0.3), in_proj_bias=lambda: R(24, scale=0.1),
          out_weight=lambda: R(8, 8, scale=0.3), out_bias=lambda: R(8, scale=0.1), key_padding_mask=torch.tensor([[False] * 5, [False, False, False, True, True]])), dict(num_heads=2))

# ------------------------------------------------------------------ recurrent layers (weights by PyTorch's own names)


def recurrent(kind, layers, bidirectional, batch_first=True, states=1):
    def f(input, h0, **rest):
        c0, weights = rest.pop("c0", None), rest
        net = getattr(torch.nn, kind)(5, 4, layers, batch_first=batch_first, bidirectional=bidirectional).to(input.dtype)
        out, hidden = torch.func.functional_call(net, weights, (input, (h0, c0) if c0 is not None else h0))
        return (out, *hidden) if isinstance(hidden, tuple) else (out, hidden)
    net = getattr(torch.nn, kind)(5, 4, layers, bidirectional=bidirectional)
    n = layers * (2 if bidirectional else 1)
    weights = {k: (lambda s=v.shape: R(*s, scale=0.5)) for k, v in net.named_parameters()}
    state = dict(h0=lambda: R(n, 3, 4), **({"c0": lambda: R(n, 3, 4)} if kind == "LSTM" else {}))
    case(kind.lower(), f"{layers}layer{'_bidirectional' if bidirectional else ''}{'' if batch_first else '_time_first'}", f,
         dict(input=lambda: R(3, 6, 5) if batch_first else R(6, 3, 5), **state, **weights),
         dict(num_layers=layers, hidden_size=4, bidirectional=bidirectional, batch_first=batch_first), f_attrs=False)


for kind in ("LSTM", "GRU"):
    recurrent(kind, 1, False)
    recurrent(kind, 2, False, batch_first=False)
    recurrent(kind, 2, True)
recurrent("RNN", 1, False)

# ------------------------------------------------------------------ losses

LOGITS, LABELS = lambda: R(6, 5, scale=2), I(1, 0, 4, 2, 2, 3)
CE = lambda label, attrs, **inputs: case("cross_entropy", label, F.cross_entropy, dict(input=LOGITS, target=LABELS, **inputs) if "target" not in inputs else dict(input=LOGITS, **inputs), attrs, nograd=("weight",))
for reduction in ("mean", "sum", "none"):
    CE(reduction, dict(reduction=reduction))
    CE(f"everything_{reduction}", dict(reduction=reduction, label_smoothing=0.1, ignore_index=2), weight=lambda: U(5))
CE("smoothing", dict(label_smoothing=0.1))
CE("ignore_index", dict(ignore_index=2))
CE("weight", {}, weight=lambda: U(5))
CE("all_ignored_is_nan", dict(ignore_index=1), target=I(1, 1, 1, 1, 1, 1))
case("cross_entropy", "probabilities", F.cross_entropy, dict(input=LOGITS, target=lambda: F.softmax(R(6, 5), 1)), dict(label_smoothing=0.05))
case("cross_entropy", "spatial", F.cross_entropy, dict(input=lambda: R(2, 4, 3, 3), target=lambda: ids(2, 3, 3, high=4)), dict(ignore_index=0))
case("nll_loss", "weight_ignore", F.nll_loss, dict(input=lambda: F.log_softmax(R(6, 5), 1), target=LABELS, weight=lambda: U(5)), dict(ignore_index=2), nograd=("weight",))
case("bce_with_logits", "mean", F.binary_cross_entropy_with_logits, dict(input=lambda: R(4, 5, scale=3), target=lambda: U(4, 5, lo=0, hi=1)))
case("bce_with_logits", "pos_weight", F.binary_cross_entropy_with_logits, dict(input=lambda: R(4, 5, scale=3), target=lambda: B(4, 5).float(), weight=lambda: U(4, 5), pos_weight=lambda: U(5)), nograd=("weight", "pos_weight"))
case("bce_with_logits", "extremes", F.binary_cross_entropy_with_logits, dict(input=I(-100.0, -30.0, 30.0, 100.0), target=I(0.0, 1.0, 0.0, 1.0)), dict(reduction="none"))
case("bce", "clamped_logs", F.binary_cross_entropy, dict(input=I(0.0, 1.0, 0.3, 0.7), target=I(1.0, 1.0, 0.0, 0.4)), dict(reduction="none"), nograd=("target",))
for reduction in ("mean", "sum", "none"):
    case("mse_loss", reduction, F.mse_loss, dict(input=lambda: R(4, 5), target=lambda: R(4, 5)), dict(reduction=reduction))
    case("l1_loss", reduction, F.l1_loss, dict(input=lambda: R(4, 5), target=lambda: R(4, 5)), dict(reduction=reduction))
case("smooth_l1_loss", "beta", F.smooth_l1_loss, dict(input=lambda: R(4, 5), target=lambda: R(4, 5)), dict(beta=0.5))
case("smooth_l1_loss", "beta0_is_l1", F.smooth_l1_loss, dict(input=lambda: R(4, 5), target=lambda: R(4, 5)), dict(beta=0.0))
case("huber_loss", "delta", F.huber_loss, dict(input=lambda: R(4, 5), target=lambda: R(4, 5)), dict(delta=0.7))
LOGP, PROB = lambda: F.log_softmax(R(4, 5), 1), lambda: F.softmax(R(4, 5), 1)
case("kl_div", "batchmean", F.kl_div, dict(input=LOGP, target=PROB), dict(reduction="batchmean"))
case("kl_div", "log_target", F.kl_div, dict(input=LOGP, target=LOGP), dict(reduction="batchmean", log_target=True))
case("kl_div", "zero_target", F.kl_div, dict(input=LOGP, target=lambda: torch.eye(5)[:4]), dict(reduction="sum"), nograd=("target",))
case("cosine_embedding_loss", "margin", F.cosine_embedding_loss, dict(input1=lambda: R(4, 6), input2=lambda: R(4, 6), target=I(1, -1, 1, -1)), dict(margin=0.2))
case("margin_ranking_loss", "", F.margin_ranking_loss, dict(input1=lambda: R(6), input2=lambda: R(6), target=I(1.0, -1.0, 1.0, -1.0, 1.0, 1.0)), dict(margin=0.3), nograd=("target",))
case("triplet_margin_loss", "", F.triplet_margin_loss, dict(anchor=lambda: R(4, 6), positive=lambda: R(4, 6), negative=lambda: R(4, 6)), dict(margin=1.0))
case("hinge_embedding_loss", "", F.hinge_embedding_loss, dict(input=lambda: R(6), target=I(1.0, -1.0, 1.0, -1.0, 1.0, 1.0)), dict(margin=1.0), nograd=("target",))
case("gaussian_nll_loss", "", F.gaussian_nll_loss, dict(input=lambda: R(4, 5), target=lambda: R(4, 5), var=lambda: U(4, 5)), nograd=("target",))
case("poisson_nll_loss", "", F.poisson_nll_loss, dict(input=lambda: R(4, 5), target=lambda: ids(4, 5, high=4).float()), nograd=("target",))
CTC = dict(log_probs=lambda: R(9, 3, 5), targets=torch.tensor([[1, 2, 2, 4], [3, 1, 0, 0], [2, 2, 2, 2]]), input_lengths=I(9, 7, 5), target_lengths=I(4, 2, 4))
for reduction, inf in (("mean", True), ("sum", True), ("none", True), ("none", False)):    # sample 3 needs 7 frames and has 5
    case("ctc_loss", f"{reduction}{'' if inf else '_infinite'}",
         lambda log_probs, targets, input_lengths, target_lengths, **a: F.ctc_loss(F.log_softmax(log_probs, -1), targets, input_lengths, target_lengths, **a),
         CTC, dict(reduction=reduction, blank=0, zero_infinity=inf), nograd=() if inf else ("log_probs",))

if __name__ == "__main__":
    save("ops", TENSORS, {"about": __doc__.strip().splitlines(), "notes": {
        "ctc_loss": "the case's input is logits; log_softmax over the last dimension is part of the case",
        "lstm/gru/rnn": "inputs named weight_ih_l0 and so on are the layer's parameters in PyTorch's layout and gate order (LSTM i,f,g,o; GRU r,z,n)",
        "ties": "max_pool2d and max over a dim: gradient to the first maximum in scan order; amax, amin and max over everything share it evenly; maximum, minimum split it in half"},
        "cases": CASES})
    print(len(CASES), "cases; worst float32 errors:", sorted(((c["torch_err"], c["name"]) for c in CASES), key=lambda t: -max(t[0]))[:6])
