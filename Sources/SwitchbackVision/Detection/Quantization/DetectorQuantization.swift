import Switchback
import SwitchbackFormats
import SwitchbackInference

extension DetectorFile.Loaded {
    /// Finds out how the detector computes in 8 bits, from what it computes on some images.
    ///
    /// - Parameters:
    ///   - examples: whose images are looked at, spread evenly; what is in them does not matter.
    ///   - count: how many at most.
    ///   - imgsz: the side of the input, in pixels; that of training by default.
    /// - Throws: `InputError` where there are fewer than two images, or one cannot be read.
    public func quantizer(
        _ examples: [DetectionExample], count: Int = 64, imgsz: Int? = nil
    ) throws -> Quantizer {
        guard detector.quantized == nil else { throw QuantizationInput.isQuantized }
        let side = imgsz ?? self.imgsz
        let positions = try QuantizationInput.positions(count, of: examples.count)
        let images = try positions.map { position in
            let image = try Image.load(examples[position].imagePath).converted(to: .rgb)
            return Tensor(images: [Letterbox(image, into: (side, side)).apply(to: image)])
        }
        return try Quantizer(detector, images: images) { inputs in
            let outputs = detector.outputs(inputs[0])
            return outputs.many.tensors + (outputs.single?.tensors ?? [])
        }
    }

    /// Writes the detector in 8 bits: what `DetectorFile.load` reads like any other.
    public func save(_ quantization: Quantization, to path: String) throws {
        let metadata = DetectorFile(of: detector, imgsz: imgsz).metadata
        try Safetensors.save(
            quantization.replacing(detector.namedState), metadata: metadata.merging(quantization.metadata) { $1 },
            to: path)
    }
}

extension YOLO {
    /// Takes a quantization from a file, and makes sure that it can be computed.
    func take(_ quantization: Quantization, from path: String) throws {
        let quantized = QuantizedNetwork(quantization)
        self.quantized = quantized
        let images = Tensor.zeros([1, 3, YOLO.stride, YOLO.stride])
        let inference = DetectorInference(self)
        do {
            _ = try inference.finalOutput(images, usesSingleHead: false)
            if head.isEndToEnd { _ = try inference.finalOutput(images, usesSingleHead: true) }
        } catch let error as InputError {
            throw InputError(path, at: error.place ?? error.subject, error.problem, remedy: error.remedy)
        }
    }
}

/// What calibration takes.
enum QuantizationInput {
    static let isQuantized = InputError(
        "option model", "its weights are quantized already", remedy: "give the weights that they were made of")

    /// Below so many images ranges are guesses.
    private static let wanted = 16

    /// Which of `total` images are looked at: `count` at most, spread evenly.
    static func positions(_ count: Int, of total: Int) throws -> [Int] {
        let used = min(count, total)
        guard used > 1 else {
            throw InputError(
                "option images",
                "\(used.counted("image")) tells too little about the numbers that the network computes",
                remedy: "calibrate with 2 or more, better 64")
        }
        if used < wanted {
            Diagnostics.warn("calibration with \(used) images is a guess: \(wanted) or more are better")
        }
        return (0..<used).map { $0 * total / used }
    }
}
