import Foundation
import Switchback
import SwitchbackFormats
import SwitchbackInference

extension Classifier {
    /// Writes the classifier for other programs. In ONNX, `input` are inputs as they are in files, [N, …], and
    /// `probabilities` [N, classes]; the names of the classes are in the metadata under `names`.
    ///
    /// Throws `InputError` if the file cannot be written.
    public func export(_ format: ExportFormat, to path: String) throws {
        switch format {
        case .gguf: throw ExportFormat.onlyForLanguage
        case .safetensors:
            if let quantized { try save(quantized.quantization, to: path) } else { try save(to: path) }
        case .onnx:
            let example = Tensor.zeros(Shape([1] + configuration.inputShape))
            let names = try JSON.text(configuration.classNames)
            try ONNX.export(
                model, inputs: [("input", example)], outputs: ["probabilities"], to: path,
                metadata: ["task": "classify", "names": names], rounding: quantized.rounding
            ) { [model(configuration.normalization.apply(to: $0[0])).softmax(dim: 1)] }
        }
    }
}
