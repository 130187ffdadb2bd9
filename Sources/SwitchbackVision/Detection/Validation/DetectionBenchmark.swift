import Foundation
import Switchback
import SwitchbackTraining

/// Speed and accuracy of the ways to run a detector.
public struct DetectionBenchmark {
    /// A way to run a detector.
    public struct Way: Hashable, Sendable {
        public let form: DetectorForm
        /// Whether the boxes are YOLO26's second head's, which needs no suppression.
        public let usesSingleHead: Bool

        public var description: String {
            form.rawValue + (usesSingleHead ? ", without suppression" : ", with suppression")
        }
    }

    /// The result of a variant.
    public struct Result {
        public let way: Way
        /// The medians over the runs, for one image, in seconds.
        public let inference, postprocess: Double
        public let runs: Int
        /// The most memory that tensors took up, in bytes, the weights aside.
        public let peakBytes: Int
        /// On the images, where some were given.
        public let validation: DetectionValidation?
    }

    private let detector: YOLO
    /// The side of the input, in pixels: a multiple of 32.
    public var size = 640
    /// Images at a time.
    public var batch = 1
    /// How long each way is timed.
    public var seconds = 3.0
    /// The conditions for keeping a box.
    public var suppression = NonMaximumSuppression()

    public init(_ detector: YOLO) { self.detector = detector.eval() }

    /// The ways that a detector has.
    public var ways: [Way] {
        let heads = detector.variant.isEndToEnd ? [true, false] : [false]
        let forms: [DetectorForm] = detector.quantized == nil ? [.fused, .asTrained] : DetectorForm.allCases
        return heads.flatMap { head in forms.map { Way(form: $0, usesSingleHead: head) } }
    }

    /// Times a way on images of noise, and measures it on examples, if there are any.
    ///
    /// - Throws: `InputError` where an image cannot be read.
    public func measure(_ way: Way, on examples: [DetectionExample] = []) throws -> Result {
        let runner = DetectorInference(detector, form: way.form)
        let input = Tensor.rand([batch, 3, size, size], generator: Generator(seed: 0))
        func compute() throws -> DetectHead.Output {
            try runner.finalOutput(input, usesSingleHead: way.usesSingleHead)
        }
        _ = try compute()
        Memory.resetPeak()
        let before = Memory.live
        var (inference, postprocess): ([Double], [Double]) = ([], [])
        let start = ContinuousClock.now
        repeat {
            let lap = ContinuousClock.now
            let output = try compute()
            let middle = ContinuousClock.now
            _ = noGrad { detector.select(output, suppression: suppression) }
            inference.append(lap.duration(to: middle) / .seconds(1))
            postprocess.append(middle.duration(to: .now) / .seconds(1))
        } while start.duration(to: .now) < .seconds(seconds)
        let peak = Memory.peak - before
        return Result(
            way: way, inference: inference.median / Double(batch), postprocess: postprocess.median / Double(batch),
            runs: inference.count, peakBytes: peak, validation: try validation(way, examples))
    }

    private func validation(_ way: Way, _ examples: [DetectionExample]) throws -> DetectionValidation? {
        if examples.isEmpty { return nil }
        var validator = DetectionValidator(detector, examples, size: size, batchSize: batch)
        validator.usesSingleHead = way.usesSingleHead
        validator.form = way.form
        validator.shownBatches = 0
        return try validator.run()
    }
}
