import Switchback
import SwitchbackFormats
import SwitchbackInference

extension Classifier {
    /// Finds out how the classifier computes in 8 bits, from what it computes on some inputs.
    ///
    /// - Parameters:
    ///   - examples: inputs of the classifier's shape, which are looked at spread evenly.
    ///   - count: how many at most.
    /// - Throws: `InputError` where there are fewer than two, one cannot be read, or the model is none of convolutions.
    public func quantizer(_ examples: ClassificationExamples, count: Int = 64) throws -> Quantizer {
        guard quantized == nil else { throw QuantizationInput.isQuantized }
        guard !(model is VisionTransformer) else {
            throw InputError(
                "model vit", "nearly all of it are linear layers, and only convolutions are computed in 8 bits",
                remedy: "use it in float32")
        }
        let positions = try QuantizationInput.positions(count, of: examples.count)
        let images = try positions.map { position in
            configuration.normalization.apply(to: try examples.examples(at: [position]).input)
        }
        return try Quantizer(model, images: images) { [model($0[0])] }
    }

    /// Writes the classifier in 8 bits: what `load` reads like any other.
    public func save(_ quantization: Quantization, to path: String) throws {
        try Safetensors.save(
            quantization.replacing(model.namedState), metadata: metadata.merging(quantization.metadata) { $1 }, to: path
        )
    }

    /// Takes a quantization from a file, and makes sure that it can be computed.
    func take(_ quantization: Quantization, from path: String) throws {
        let quantized = QuantizedNetwork(quantization)
        let example = Tensor.zeros(Shape([1] + configuration.inputShape))
        do {
            _ = try quantized.run(model, [example]) { [model($0[0])] }
        } catch let error as InputError {
            throw InputError(path, at: error.place ?? error.subject, error.problem, remedy: error.remedy)
        }
        self.quantized = quantized
    }

    /// The scores of normalized inputs, in 8 bits where the classifier is quantized.
    ///
    /// - Throws: `InputError` where a quantized classifier cannot be computed.
    func computed(_ inputs: Tensor) throws -> Tensor {
        guard let quantized, !model.isTraining else { return model(inputs) }
        return try quantized.run(model, [inputs]) { [model($0[0])] }[0]
    }
}
