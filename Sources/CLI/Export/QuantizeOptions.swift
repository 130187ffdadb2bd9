import ArgumentParser
import Foundation
import Switchback
import SwitchbackFormats
import SwitchbackInference
import SwitchbackTraining

/// The options of every `quantize`.
struct QuantizeOptions: ParsableArguments {
    @Option(help: .runOrFile)
    var model: String

    @Option(
        help: ArgumentHelp("How many images to calibrate with. (default: 64)", valueName: "n"),
        transform: Value.integer(in: .from(1, to: 100_000)))
    var images = 64

    @Option(
        help: ArgumentHelp("The file to write. (default: NAME-int8.safetensors beside the weights)", valueName: "file"))
    var output: String?

    @Flag(help: "Do not compare the accuracy on the validation data.")
    var noVal = false

    /// The weights that are quantized, and where the result goes.
    func paths() throws -> (weights: String, output: String) {
        let weights = try RunFolder.weightFile(model)
        let path = output ?? (weights as NSString).deletingPathExtension + "-int8.safetensors"
        guard (path as NSString).standardizingPath != (weights as NSString).standardizingPath else {
            throw InputError(path, "is the weights file itself", remedy: "choose another file with --output")
        }
        return (weights, path)
    }

    /// Quantizes, and says what it is doing and what was found.
    func run(_ quantizer: Quantizer) throws -> Quantizer.Result {
        var stage = ""
        let result = try quantizer.run { name, done, total in
            if Interruption.isRequested { throw ExitCode(Interruption.exitCode) }
            if name != stage { try Terminal.print("\(name.prefix(1).uppercased())\(name.dropFirst()) …") }
            stage = name
        }
        try Terminal.print(Self.report(result))
        if result.error > Self.suspiciousError {
            Diagnostics.warn(
                "int8 changes the outputs by \(result.error.percent), where a few percent are usual: a network that has hardly "
                    + "been trained is often so; train it longer, or calibrate with more images, and compare the accuracy"
            )
        }
        return result
    }

    /// From so far off on, the numbers of a network are probably not yet those of a trained one.
    private static let suspiciousError = 0.2

    /// How many layers are listed that are quantized.
    private static let listed = 8

    private static func report(_ result: Quantizer.Result) -> String {
        let calibrations = result.errors.map { "\($0.method.rawValue) \($0.error.percent)" }.joined(separator: ", ")
        let kept = result.layers.filter { $0.gain == nil }
        let left = result.layers.filter { $0.gain != nil }
        let rows = (left + kept.prefix(listed)).map { layer in
            let reason = layer.gain.map { "float32: all are \($0.after.percent) off instead of \($0.before.percent)" }
            return [layer.name, layer.error.percent, reason ?? "int8"]
        }
        let more = kept.count > listed ? "\n… and \((kept.count - listed).counted("layer")) that matter less" : ""
        return """
            Calibrations, by how far the outputs are off: \(calibrations)
            \(TextTable(["layer", "alone off by", "computed in"], rows).text)\(more)
            \(kept.count) of \(result.layers.count.counted("convolution")) in int8; the outputs are \(result.error.percent) off
            """
    }
}

/// What `quantize` found, for programs.
struct QuantizeResult: Encodable {
    let task: String
    let mode = "quantize"
    let calibration, output: String
    let images: Int
    /// How far the outputs are off, as a fraction.
    let error: Double
    let quantizedLayers: Int
    /// With how far the outputs would be off if each alone were in int8.
    let layersInFloat32: [String: Double]
    /// Accuracy or mAP50-95 before and after; left out with --no-val.
    let accuracy, accuracyInInt8: Double?

    init(_ task: String, _ result: Quantizer.Result, output: String, _ accuracy: (before: Double, after: Double)?) {
        let record = result.quantization.record
        (self.task, calibration, self.output, images) = (task, record.calibration, output, record.images)
        (error, quantizedLayers) = (result.error, result.quantization.layers.count)
        layersInFloat32 = record.leftOut
        (self.accuracy, accuracyInInt8) = (accuracy?.before, accuracy?.after)
    }
}
