"""Writes the node tests of the onnx package to a folder: NAME.onnx, and NAME.data with the inputs and outputs as the
initializers of a graph without nodes. Prints how many tests there are in all."""

import sys
import warnings

warnings.filterwarnings("ignore")

import numpy as np
from onnx import helper, numpy_helper
from onnx.backend.test.loader import load_model_tests

folder = sys.argv[1]
tests = load_model_tests(kind="node")
for test in tests:
    inputs, outputs = test.data_sets[0]
    values = list(inputs) + list(outputs)
    names = [f"input_{i}" for i in range(len(inputs))] + [f"output_{i}" for i in range(len(outputs))]
    with open(f"{folder}/{test.name}.onnx", "wb") as file:
        file.write(test.model.SerializeToString())
    # Sequences, maps and missing values have no tensor.
    if not all(isinstance(value, (np.ndarray, np.generic)) for value in values):
        continue
    tensors = [numpy_helper.from_array(np.asarray(value), name) for name, value in zip(names, values)]
    data = helper.make_model(helper.make_graph([], "data", [], [], tensors))
    data.metadata_props.add(key="rtol", value=str(test.rtol))
    data.metadata_props.add(key="atol", value=str(test.atol))
    with open(f"{folder}/{test.name}.data", "wb") as file:
        file.write(data.SerializeToString())
print(len(tests))
