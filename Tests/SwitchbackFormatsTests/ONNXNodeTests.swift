import Foundation
import Switchback
import SwitchbackFormats
import TestSupport
import Testing

/// The node tests that ship in the `onnx` package: how many operators' results are what they should be.
@Suite(.enabled(if: Python.has("onnx"), "the Python package onnx is not installed"))
struct ONNXNodeTests {
    private enum Outcome: Hashable {
        case passed
        /// With the sentence that says why.
        case refused
        /// Another result than expected.
        case wrong
    }

    /// How many have to pass; the count that `ONNX_NODE_TESTS=1` prints.
    private static let passing = 1241

    @Test func resultsAreThoseOfTheSpecification() throws {
        let folder = try TemporaryFolder()
        let total = try writeTests(to: folder)
        var outcomes: [Outcome: [String]] = [:]
        for name in folder.contents where name.hasSuffix(".onnx") {
            let (outcome, detail) = outcome(of: String(name.dropLast(5)), in: folder)
            outcomes[outcome, default: []].append("\(name.dropLast(5))\(detail.isEmpty ? "" : ": \(detail)")")
        }
        let counts = outcomes.mapValues(\.count)
        if ProcessInfo.processInfo.environment["ONNX_NODE_TESTS"] != nil {
            print(
                "\(counts[.passed, default: 0]) of \(total.trimmingCharacters(in: .whitespacesAndNewlines)) node tests pass,"
            )
            print("\(counts[.refused, default: 0]) are refused, \(counts[.wrong, default: 0]) give another result")
            for line in outcomes[.refused, default: []] { print("refused \(line)") }
        }
        #expect(outcomes[.wrong, default: []].isEmpty, "\(outcomes[.wrong, default: []].joined(separator: "\n"))")
        #expect(counts[.passed, default: 0] >= Self.passing)
    }

    /// Nodes whose operators, attributes and shapes are damaged, with the operands that they had: see `Fuzzer`.
    @Test func damagedNodesAreRefusedOrCarriedOut() throws {
        let folder = try TemporaryFolder()
        _ = try writeTests(to: folder)
        for name in folder.contents where name.hasSuffix(".onnx") {
            let file = try [UInt8](Data(contentsOf: folder.url.appendingPathComponent(name)))
            guard let values = try? ONNXModel(folder.path("\(name.dropLast(5)).data")).stateDict() else { continue }
            var fuzzer = Fuzzer(seeds: [file], seed: UInt64(file.count))
            try fuzzer.run(max(1, Fuzzer.inputsPerReader / 100)) { path in
                let model = try ONNXModel(path, elementLimit: 1 << 20)
                var inputs: [String: Tensor] = [:]
                for (position, name) in model.inputNames.enumerated() { inputs[name] = values["input_\(position)"] }
                _ = try noGrad { try model.run(inputs) }
            }
        }
    }

    /// Returns how many there are.
    private func writeTests(to folder: TemporaryFolder) throws -> String {
        let program = fixtureFolder.appendingPathComponent("dump_onnx_node_tests.py")
        return try Python.run(String(contentsOf: program, encoding: .utf8), [folder.url.path])
    }

    private func outcome(of name: String, in folder: TemporaryFolder) -> (Outcome, String) {
        do {
            let data = try ONNXModel(folder.path("\(name).data"))
            let values = data.stateDict()
            let model = try ONNXModel(folder.path("\(name).onnx"))
            var inputs: [String: Tensor] = [:]
            for (position, name) in model.inputNames.enumerated() { inputs[name] = values["input_\(position)"] }
            let results = try noGrad { try model.run(inputs) }
            let tolerance = (
                relative: Double(data.metadata["rtol"] ?? "") ?? 1e-3,
                absolute: Swift.max(Double(data.metadata["atol"] ?? "") ?? 1e-7, 1e-6)
            )
            for (position, name) in model.outputNames.enumerated() {
                guard let expected = values["output_\(position)"], let found = results[name] else { continue }
                if let difference = difference(found, expected, tolerance) { return (.wrong, difference) }
            }
            return (.passed, "")
        } catch { return (.refused, "\(error)") }
    }

    private func difference(
        _ found: Tensor, _ expected: Tensor, _ tolerance: (relative: Double, absolute: Double)
    ) -> String? {
        guard found.shape == expected.shape, found.dtype == expected.dtype else {
            return "\(found.dtype) \(found.shape) instead of \(expected.dtype) \(expected.shape)"
        }
        // 16-bit floats are rounded at every operation.
        let relative = expected.dtype.byteCount == 2 ? 2e-2 : tolerance.relative
        for (a, b) in zip(found.toArray(as: Double.self), expected.toArray(as: Double.self)) {
            let agrees = a == b || (a.isNaN && b.isNaN) || abs(a - b) <= tolerance.absolute + relative * abs(b)
            if !agrees { return "\(a) instead of \(b)" }
        }
        return nil
    }
}
