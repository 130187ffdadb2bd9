"""Makes cases for `operator-cases` from the samples by which PyTorch tests its own operators (`op_db`).

    python3 Scripts/operator_cases.py .build/operator-cases                      thousands, for the program operator-cases
    python3 Scripts/operator_cases.py Tests/Fixtures/operator_cases --fixture    special values of each, for the tests

writes cases.json and cases.safetensors: for each sample the operands with their strides, the other arguments, PyTorch's
results and the gradients of its operands; where those of a short type are far from float64's, that too, and where PyTorch's
vector code gives others. Needs torch, numpy, safetensors, expecttest and scipy.
"""

import argparse
import glob
import json
import math
import os
import pickle
import re
import tempfile
import warnings

import torch
from safetensors.torch import save_file

warnings.filterwarnings("ignore")
os.environ["PYTORCH_TESTING_DEVICE_ONLY_FOR"] = "cpu"
from torch.testing._internal.common_methods_invocations import op_db  # noqa: E402
from torch.testing._internal.opinfo.core import BinaryUfuncInfo, UnaryUfuncInfo  # noqa: E402

DTYPES = {
    "float32": torch.float32, "float64": torch.float64, "float16": torch.float16, "bfloat16": torch.bfloat16,
    "int64": torch.int64, "int32": torch.int32, "uint8": torch.uint8, "bool": torch.bool,
}
# Random, without a result that is defined, about complex or sparse tensors or a compiler, or private to PyTorch.
LEFT_OUT = (
    "_", "item", "cauchy", "exponential", "geometric", "log_normal", "normal", "uniform", "empty", "new_empty", "rand",
    "multinomial", "bernoulli", "resize", "sparse", "to_sparse", "jiterator", "complex", "real", "imag", "view_as_real",
    "view_as_complex", "polar", "angle", "conj", "resolve_", "torch.", "native_dropout", "cfloat", "cdouble", "chalf",
    "nn.functional.dropout", "nn.functional.alpha_dropout", "nn.functional.feature_alpha_dropout", "nn.functional.rrelu",
    "nn.functional.fractional", "stft", "istft", "hash_tensor", "masked.", "svd_lowrank", "pca_lowrank", "H", "mH",
    "isreal", "unsafe_", "nonzero_static", "alias_copy", "native_", "max_pool2d_with_indices_backward", "grid_sampler",
)
KEPT = ("__radd__", "__rdiv__", "__rmul__", "__rand__", "__ror__", "__rxor__", "__rmatmul__", "__rmod__", "__rpow__",
        "__rsub__", "__getitem__")
# Those that choose elements along a dimension, and the position of that argument. Which of equal ones is not defined.
CHOOSING = {"topk": 2, "kthvalue": 2, "sort": 1, "argsort": 1, "msort": None, "mode": 1}
# So many times in a row, each number goes through PyTorch's vector code, which does not always agree with its scalar code.
LANES = 64
# How near numbers of a type have to be, relative and absolute; as in Tests/Support/OperatorCases.
TOLERANCES = {torch.float16: (4e-3, 2e-3), torch.bfloat16: (2.5e-2, 1.5e-2), torch.float32: (2e-4, 2e-5)}
SPECIAL = [math.nan, math.inf, -math.inf, 0.0, -0.0, 1.0, -1.0, 2.0, -0.5, 0.5, 1e-40, -3.0, 3.0, 20.0, -20.0, 88.8, -88.8]


class Unwritable(Exception):
    """An argument that a case cannot hold."""


class Writer:
    def __init__(self, prefix=""):
        self.cases, self.tensors, self.prefix = [], {}, prefix

    def key(self, tensor):
        name = f"{self.prefix}/{len(self.tensors)}"
        self.tensors[name] = tensor.detach().contiguous().clone()
        return name

    def value(self, argument, leaves):
        """An argument as JSON; tensors go to the other file, those that require a gradient to `leaves` too."""
        if isinstance(argument, torch.Tensor):
            if argument.dtype not in DTYPES.values() or argument.layout != torch.strided:
                raise Unwritable
            entry = {"tensor": self.key(argument)}
            if not argument.is_contiguous():
                entry["strides"] = list(argument.stride())
            if argument.requires_grad:
                entry["leaf"] = len(leaves)
                leaves.append(argument)
            return entry
        if isinstance(argument, bool):
            return {"bool": int(argument)}
        if isinstance(argument, float):
            return {"float": repr(argument)}
        if argument is None or isinstance(argument, (int, str)):
            return argument
        if isinstance(argument, torch.dtype):
            for name, dtype in DTYPES.items():
                if dtype == argument:
                    return {"dtype": name}
            raise Unwritable
        if isinstance(argument, (list, tuple, torch.Size)):
            return [self.value(item, leaves) for item in argument]
        if isinstance(argument, slice):
            return {"slice": [argument.start, argument.stop, argument.step]}
        if argument is Ellipsis:
            return {"ellipsis": True}
        raise Unwritable

    def add(self, op, dtype, layout, sample):
        before = dict(self.tensors)
        try:
            self.append(op, dtype, layout, sample)
        except Exception:  # PyTorch refuses the sample, or a case cannot hold it
            self.tensors = before

    def append(self, op, dtype, layout, sample):
        leaves = []
        # A list in a subscript names positions, which a case holds as a tensor; a tuple is several subscripts.
        arguments = [
            self.value(torch.tensor(a) if op.name == "__getitem__" and isinstance(a, list) else a, leaves)
            for a in (sample.input, *sample.args)]
        options = {name: self.value(a, leaves) for name, a in sample.kwargs.items()}
        results = results_of(op, sample)
        if any(r.dtype not in DTYPES.values() for r in results):
            raise Unwritable
        case = {
            "op": op.name + ("/" + op.variant_test_name if op.variant_test_name else ""), "dtype": dtype,
            "layout": layout, "args": arguments, "kwargs": options, "results": [self.key(r) for r in results],
            # The sign of a zero that is a sum depends on the order of its terms.
            "signs": isinstance(op, (UnaryUfuncInfo, BinaryUfuncInfo)),
        }
        if op.name in CHOOSING and not sample.kwargs.get("stable"):
            case["along"] = chosen_dimension(op, sample)
        found = gradients_of(results, leaves)
        if found:
            case["upstream"] = {str(i): self.key(u) for i, u in found[0].items()}
            case["gradients"] = [None if g is None else self.key(g) for g in found[1]]
        if DTYPES[dtype] in TOLERANCES:
            self.add_other(case, "exact", op, sample, results, found, lambda x: x.double(), lambda x: x)
        if layout == "special" and (case["signs"] or op.name == "nn.functional.hardswish"):
            self.add_other(case, "lanes", op, sample, results, found, in_lanes, lambda x: x[..., 0])
        self.cases.append(case)

    def add_other(self, case, name, op, sample, results, found, there, back):
        """What the operator gives for the operands in another form, where PyTorch's own result is far from it."""
        leaves = []

        def moved(value):
            if not (isinstance(value, torch.Tensor) and value.is_floating_point()):
                return value
            other = there(value.detach()).requires_grad_(value.requires_grad)
            if value.requires_grad:
                leaves.append(other)
            return other
        try:
            others = results_of(op, sample.transform(moved))
            case[name] = [self.far(back(w), r) for w, r in zip(others, results)]
            if found and len(leaves) == len(found[1]):
                gradients = gradients_of(others, leaves, {i: there(u) for i, u in found[0].items()})[1]
                case[name + "Gradients"] = [
                    None if g is None or w is None else self.far(back(w), g) for w, g in zip(gradients, found[1])]
        except Exception:  # the operator, or the sample, has no such form
            pass

    def far(self, other, found):
        relative, absolute = TOLERANCES.get(found.dtype, (0, 0))
        other = other.detach().to(found.dtype)
        is_zero = (other == 0) & (found == 0)
        same_signs = torch.equal(torch.signbit(other[is_zero]), torch.signbit(found[is_zero]))
        if same_signs and torch.allclose(found.double(), other.double(), relative, absolute, equal_nan=True):
            return None
        return self.key(other)

    def take(self, other):
        if other:
            self.cases += other.cases
            self.tensors.update(other.tensors)

    def save(self, folder):
        os.makedirs(folder, exist_ok=True)
        with open(os.path.join(folder, "cases.json"), "w") as file:
            json.dump(self.cases, file)
        save_file(self.tensors, os.path.join(folder, "cases.safetensors"))


def in_lanes(tensor):
    return tensor.unsqueeze(-1).expand(*tensor.shape, LANES).contiguous()


def chosen_dimension(op, sample):
    position = CHOOSING[op.name]
    if position is None:
        return 0
    given = sample.args[position - 1] if len(sample.args) >= position else sample.kwargs.get("dim")
    return -1 if given is None else given


def operators_here():
    """The names of the operators that the tests know how to call."""
    names = set()
    for path in glob.glob("Tests/Support/OperatorCases/Operators/*.swift"):
        with open(path) as file:
            names.update(re.findall(r'"([\w./]+)"\s*:', file.read()))
    return names


def results_of(op, sample):
    torch.manual_seed(0)
    found = op.op(sample.input, *sample.args, **sample.kwargs)
    results = list(found) if isinstance(found, (tuple, list)) else [found]
    return [r if isinstance(r, torch.Tensor) else torch.tensor(r) for r in results]


def gradients_of(results, leaves, upstream=None):
    """The upstream gradients by the number of the result, and those of the operands; None where there are none."""
    wanted = [i for i, r in enumerate(results) if r.requires_grad]
    if not leaves or not wanted:
        return None
    upstream = upstream or {
        i: torch.cos(torch.arange(results[i].numel(), dtype=torch.float64) + 1).to(results[i].dtype)
        .reshape(results[i].shape) for i in wanted}
    found = torch.autograd.grad(
        [results[i] for i in wanted], leaves, [upstream[i] for i in wanted], allow_unused=True, retain_graph=True)
    return upstream, found


def is_left_out(op):
    return op.name not in KEPT and op.name.startswith(LEFT_OUT)


def samples_of(op, dtype, most, largest):
    """At most `most` of an operator's samples of at most `largest` elements, evenly chosen."""
    needs_gradient = dtype.is_floating_point and op.supports_autograd
    samples = list(op.sample_inputs("cpu", dtype, requires_grad=needs_gradient))
    small = [s for s in samples if size_of(s) <= largest and is_defined(op, s)]
    step = max(1, math.ceil(len(small) / most))
    return small[::step]


def is_defined(op, sample):
    """Whether a sample has one right answer: neither random nor in any order."""
    drops = sample.kwargs.get("dropout_p", 0) > 0
    return not drops and not (op.name == "unique" and sample.kwargs.get("sorted") is False)


def size_of(sample):
    tensors = [t for t in torch.utils._pytree.tree_leaves((sample.input, sample.args, sample.kwargs))
               if isinstance(t, torch.Tensor)]
    return sum(t.numel() for t in tensors)


def with_special_values(sample, offset):
    """The sample with NaN, infinities and zeros in the place of its floating-point elements."""
    def replaced(value):
        nonlocal offset
        if not (isinstance(value, torch.Tensor) and value.is_floating_point() and value.numel()):
            return value
        offset += 3
        turned = SPECIAL[offset % len(SPECIAL):] + SPECIAL[:offset % len(SPECIAL)]
        values = (turned * (value.numel() // len(turned) + 1))[:value.numel()]
        return torch.tensor(values, dtype=value.dtype).reshape(value.shape).requires_grad_(value.requires_grad)
    return sample.transform(replaced)


def cases_of(op, options):
    writer = Writer(prefix=op.name + "/" + op.variant_test_name)
    for name, dtype in DTYPES.items():
        if dtype not in op.supported_dtypes("cpu") or (options.fixture and name != "float32"):
            continue
        torch.manual_seed(1)
        try:
            samples = samples_of(op, dtype, options.most, options.largest)
        except Exception:
            continue
        for i, sample in enumerate(samples):
            if not options.fixture:
                writer.add(op, name, "plain", sample)
            if name in ("float32", "int64") and not options.fixture:
                writer.add(op, name, "strided", sample.noncontiguous())
            if name in ("float32", "float64", "bfloat16"):
                writer.add(op, name, "special", with_special_values(sample, i))
    return writer


def in_child(make):
    """What `make` returns in a process of its own; None where PyTorch takes that process down."""
    path = os.path.join(tempfile.gettempdir(), f"operator-cases-{os.getpid()}")
    child = os.fork()
    if child == 0:
        with open(path, "wb") as file:
            pickle.dump(make(), file)
        os._exit(0)
    _, status = os.waitpid(child, 0)
    if status != 0:
        return None
    with open(path, "rb") as file:
        made = pickle.load(file)
    os.remove(path)
    return made


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("folder")
    parser.add_argument("--most", type=int, default=6, help="samples for each operator, element type and layout")
    parser.add_argument("--largest", type=int, default=20_000, help="elements of a sample's operands")
    parser.add_argument("--fixture", action="store_true", help="one small sample of each operator that is here")
    parser.add_argument("--only", help="operators whose name contains this")
    options = parser.parse_args()
    if options.fixture:
        options.most, options.largest = 1, 40
    writer = Writer()
    torch.set_num_threads(1)
    for op in op_db:
        name = op.name + ("/" + op.variant_test_name if op.variant_test_name else "")
        is_wanted = not is_left_out(op) and (not options.only or options.only in op.name)
        if is_wanted and (not options.fixture or name in operators_here()):
            writer.take(in_child(lambda: cases_of(op, options)))
    writer.save(options.folder)
    print(f"{len(writer.cases)} cases of {len({case['op'] for case in writer.cases})} operators")


if __name__ == "__main__":
    main()
