import Foundation
import Switchback
import SwitchbackFormats
import TestSupport
import Testing

/// Operators that onnxruntime has beyond those of ONNX, compared with it (Fixtures/make_dynamic_lstm.py).
@Suite struct ONNXRuntimeTests {
    private func path(_ name: String) -> String {
        fixtureFolder.appendingPathComponent("dynamic_lstm/\(name)").path
    }

    @Test(arguments: ["unsigned", "signed", "columns"]) func layersInBytes(_ name: String) throws {
        let expected = try Safetensors.load(path("expected.safetensors"))
        let model = try ONNXModel(path("\(name).onnx"))
        let found = try model.run(["x": try #require(expected["\(name)/x"])])
        for output in ["y", "h", "c"] {
            let (ours, theirs) = (try #require(found[output]), try #require(expected["\(name)/\(output)"]))
            #expect(ours.shape == theirs.shape)
            #expect((ours - theirs).abs().max().item() < 1e-5, "\(name) \(output)")
        }
    }
}
