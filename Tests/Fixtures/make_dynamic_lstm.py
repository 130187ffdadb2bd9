"""Makes dynamic_lstm/: LSTMs in 8 bits of onnxruntime's own domain, and what onnxruntime computes with them.

Needs onnx, onnxruntime, numpy and safetensors. One sequence in a batch: with several, onnxruntime rounds the states of as
many together as suits its threads.
"""

import os

import numpy as np
import onnx
import onnxruntime
from onnx import TensorProto, helper, numpy_helper
from safetensors.numpy import save_file

INPUT, HIDDEN, STEPS = 5, 4, 6
folder = os.path.join(os.path.dirname(os.path.abspath(__file__)), "dynamic_lstm")
random = np.random.default_rng(0)


def make(name, kind, directions, per_column):
    """An LSTM, run by onnxruntime; returns its input and outputs by name."""
    low, high, zero = (-127, 127, 0) if kind == np.int8 else (0, 255, 128)
    form = (directions, 4 * HIDDEN) if per_column else (directions,)

    def codes(rows):
        return random.integers(low, high, (directions, rows, 4 * HIDDEN)).astype(kind)

    def scale():
        return ((random.random(form) + 0.5) * 0.01).astype(np.float32)

    constants = {
        "w": codes(INPUT), "r": codes(HIDDEN), "b": (random.random((directions, 8 * HIDDEN)) - 0.5).astype(np.float32),
        "ws": scale(), "wz": np.full(form, zero, kind), "rs": scale(), "rz": np.full(form, zero, kind)}
    node = helper.make_node(
        "DynamicQuantizeLSTM", ["x", "w", "r", "b", "", "", "", "", "ws", "wz", "rs", "rz"], ["y", "h", "c"],
        domain="com.microsoft", hidden_size=HIDDEN, direction="bidirectional" if directions == 2 else "forward")
    graph = helper.make_graph(
        [node], name, [helper.make_tensor_value_info("x", TensorProto.FLOAT, [STEPS, 1, INPUT])],
        [helper.make_tensor_value_info(output, TensorProto.FLOAT, None) for output in "yhc"],
        [numpy_helper.from_array(value, key) for key, value in constants.items()])
    model = helper.make_model(
        graph, opset_imports=[helper.make_opsetid("", 14), helper.make_opsetid("com.microsoft", 1)], ir_version=8)
    path = os.path.join(folder, name + ".onnx")
    onnx.save(model, path)
    x = random.standard_normal((STEPS, 1, INPUT)).astype(np.float32)
    outputs = onnxruntime.InferenceSession(path).run(None, {"x": x})
    return {f"{name}/{key}": value for key, value in zip("xyhc", [x, *outputs])}


os.makedirs(folder, exist_ok=True)
save_file(
    make("unsigned", np.uint8, 2, False) | make("signed", np.int8, 1, False) | make("columns", np.int8, 2, True),
    os.path.join(folder, "expected.safetensors"))
