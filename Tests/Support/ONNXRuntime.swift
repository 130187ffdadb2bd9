import Foundation
import Switchback
import SwitchbackFormats
import Testing

/// The real `onnx` and `onnxruntime`, beside which exported models are put.
public enum ONNXRuntime {
    public static let isInstalled = Python.has("onnx", "onnxruntime", "numpy")
    /// Why tests are skipped.
    public static let missing: Comment = "the Python packages onnx, onnxruntime and numpy are not installed"

    /// Inputs by name, and what a model computes of them.
    public struct Case {
        public let inputs: [String: Tensor]
        public let outputs: [String: Tensor]

        public init(_ inputs: [String: Tensor], _ outputs: [String: Tensor]) {
            (self.inputs, self.outputs) = (inputs, outputs)
        }
    }

    /// Checks a file as `onnx.checker` does and runs it in `onnxruntime`.
    ///
    /// - Parameter tolerance: of the largest value.
    /// - Returns: what is wrong: a batch that is not free, shapes that differ, differences above the tolerance; empty if
    ///   nothing is.
    public static func complaints(of path: String, _ cases: [Case], tolerance: Double = 1e-4) throws -> String {
        let folder = try TemporaryFolder()
        for (number, item) in cases.enumerated() {
            try NumPy.saveArchive(item.inputs, to: folder.path("\(number).inputs.npz"))
            try NumPy.saveArchive(item.outputs, to: folder.path("\(number).outputs.npz"))
        }
        return try Python.run(
            """
            import sys, numpy as np, onnx, onnxruntime
            path, folder, count, tolerance = sys.argv[1], sys.argv[2], int(sys.argv[3]), float(sys.argv[4])
            onnx.checker.check_model(path, full_check=True)
            session = onnxruntime.InferenceSession(path, providers=['CPUExecutionProvider'])
            for value in session.get_inputs() + session.get_outputs():
                if value.shape[0] != 'batch': print(value.name, 'has the shape', value.shape)
            for number in range(count):
                inputs = dict(np.load(f'{folder}/{number}.inputs.npz'))
                expected = np.load(f'{folder}/{number}.outputs.npz')
                for name, found in zip([o.name for o in session.get_outputs()], session.run(None, inputs)):
                    wanted = expected[name]
                    if found.shape != wanted.shape:
                        print(number, name, found.shape, 'instead of', wanted.shape)
                        continue
                    difference = np.abs(found - wanted).max() / max(1, np.abs(wanted).max())
                    if not difference < tolerance: print(number, name, 'differs by', difference)
            """, [path, folder.url.path, "\(cases.count)", "\(tolerance)"])
    }

    /// The shape of a file's first input, as Python prints it.
    public static func inputShape(of path: String) throws -> String {
        try Python.run(
            """
            import sys, onnxruntime
            print(onnxruntime.InferenceSession(sys.argv[1], providers=['CPUExecutionProvider']).get_inputs()[0].shape)
            """, [path]
        ).trimmingCharacters(in: .whitespacesAndNewlines)
    }

    /// The version of the operators that a file says it is written for.
    public static func operatorSet(of path: String) throws -> Int? {
        let text = try Python.run(
            "import sys, onnx; print(onnx.load(sys.argv[1]).opset_import[0].version)", [path])
        return Int(text.trimmingCharacters(in: .whitespacesAndNewlines))
    }
}
