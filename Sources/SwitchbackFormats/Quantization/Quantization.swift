import Switchback

/// Which convolutions of a network compute in whole numbers of 8 bits, and what that was found by.
///
/// Activations are bytes with one scale and zero for a whole tensor, filters signed bytes with one scale for each output
/// (Jacob et al., "Quantization and Training of Neural Networks for Efficient Integer-Arithmetic-Only Inference", 2018).
public struct Quantization {
    /// How ranges of activations were chosen, and what was left as it is.
    public struct Record: Codable, Equatable, Sendable {
        /// The version of this description.
        public var version = 1
        /// The calibration that was chosen.
        public var calibration: String
        /// How many images it saw.
        public var images: Int
        /// Layers that stay in float32, and how far the outputs would be off if each alone were quantized, as a fraction.
        public var leftOut: [String: Double]

        public init(calibration: String, images: Int, leftOut: [String: Double]) {
            (self.calibration, self.images, self.leftOut) = (calibration, images, leftOut)
        }
    }

    /// By the path of the layer.
    public var layers: [String: QuantizedLayer]
    public var record: Record

    public init(layers: [String: QuantizedLayer], record: Record) {
        (self.layers, self.record) = (layers, record)
    }
}

// MARK: - In files

extension Quantization {
    /// The name under which files have the record.
    public static let metadataKey = "switchback.quantization"

    /// What a layer's tensors are called, behind its path.
    private enum Name {
        static let weight = ".weight"
        static let scales = ".weight_scale"
        static let inputScale = ".input_scale"
        static let inputZero = ".input_zero_point"
    }

    /// The tensors of a network, with those of quantized layers in their place: the filters as bytes under their own name,
    /// `weight_scale` [outputs], `input_scale` and `input_zero_point`.
    public func replacing(_ state: [(name: String, tensor: Tensor)]) -> [(String, Tensor)] {
        state.flatMap { name, tensor -> [(String, Tensor)] in
            let path = String(name.dropLast(Name.weight.count))
            guard name.hasSuffix(Name.weight), let layer = layers[path] else { return [(name, tensor)] }
            return [
                (name, layer.numbers), (path + Name.scales, Tensor(layer.scales, shape: [layer.scales.count])),
                (path + Name.inputScale, Tensor([layer.input.scale], shape: [])),
                (path + Name.inputZero, Tensor([Int(layer.input.zero)], shape: [], dtype: .uint8)),
            ]
        }
    }

    /// The record as the metadata of a file.
    public var metadata: [String: String] { [Self.metadataKey: (try? JSON.text(record)) ?? ""] }

    /// Takes a quantization out of the contents of a file, whose tensors then are those of the network: the filters as
    /// float32, with what rounding changed. `nil` if the file has none.
    ///
    /// - Throws: `InputError` with the tensor that does not fit.
    public static func taken(
        from contents: Safetensors.Contents, _ path: String
    ) throws -> (quantization: Quantization?, tensors: [String: Tensor]) {
        guard let text = contents.metadata[metadataKey] else { return (nil, contents.tensors) }
        guard let record = JSON.value(Record.self, text) else {
            throw InputError(
                path, at: "metadata \(metadataKey)", "it does not describe a quantization", remedy: damage)
        }
        guard record.version == 1 else {
            throw InputError(
                path, at: "metadata \(metadataKey)",
                "it is of version \(record.version), and this program reads version 1")
        }
        var tensors = contents.tensors
        var layers: [String: QuantizedLayer] = [:]
        for name in contents.names where name.hasSuffix(Name.scales) {
            let layer = String(name.dropLast(Name.scales.count))
            layers[layer] = try self.layer(layer, &tensors, path)
        }
        guard !layers.isEmpty else { throw InputError(path, "no layer in it is quantized", remedy: damage) }
        return (Quantization(layers: layers, record: record), tensors)
    }

    private static let damage = "the file is damaged: quantize the network again"

    private static func layer(
        _ layer: String, _ tensors: inout [String: Tensor], _ path: String
    ) throws -> QuantizedLayer {
        func take(_ name: String, _ dtype: DType, _ isShape: (Shape) -> Bool) throws -> Tensor {
            guard let tensor = tensors.removeValue(forKey: layer + name) else {
                throw InputError(path, at: "tensor \(layer + name)", "it is missing", remedy: damage)
            }
            guard tensor.dtype == dtype, isShape(tensor.shape) else {
                throw InputError(
                    path, at: "tensor \(layer + name)",
                    "it is \(tensor.dtype) of shape \(tensor.shape), not what a quantized layer has", remedy: damage)
            }
            return tensor
        }
        let numbers = try take(Name.weight, .uint8) { $0.count == 4 && $0[0] > 0 }
        let scales = try take(Name.scales, .float32) { $0 == [numbers.size(0)] }.toArray(as: Float.self)
        let scale = try take(Name.inputScale, .float32) { $0.count == 0 }.item(as: Float.self)
        let zero = try take(Name.inputZero, .uint8) { $0.count == 0 }.item(as: Int.self)
        let input = ByteScale(scale: scale, zero: UInt8(clamping: zero))
        guard input.isUsable, scales.allSatisfy({ $0.isFinite && $0 > 0 }) else {
            throw InputError(path, at: "layer \(layer)", "a scale in it is not a positive number", remedy: damage)
        }
        guard numbers.count == 0 || numbers.amin().item(as: Int.self) > 0 else {
            throw InputError(
                path, at: "tensor \(layer + Name.weight)", "a number in it is 0, which no filter has", remedy: damage)
        }
        let quantized = QuantizedLayer(numbers: numbers, scales: scales, input: input)
        tensors[layer + Name.weight] = quantized.weight
        return quantized
    }

    /// Throws if a file is a quantized network's, whose weights cannot be trained.
    public static func refuse(toTrain path: String) throws {
        guard !WeightFile.isPyTorch(path), try Safetensors.read(path).metadata[metadataKey] != nil else { return }
        throw InputError(
            path, "its weights are quantized to 8 bits, which serve inference alone",
            remedy: "train from the weights that it was made of")
    }
}
