import Foundation
import Switchback
import SwitchbackTraining

/// Speed and accuracy of the ways to run a detector.
public struct DetectionBenchmark {
    /// A way to run a detector.
    public struct Way: Hashable, Sendable {
        public let form: InferenceForm
        /// Whether the boxes are YOLO26's second head's, which needs no suppression.
        public let usesSingleHead: Bool

        public var description: String {
            form.rawValue + (usesSingleHead ? ", without suppression" : ", with suppression")
        }
    }

    /// The result of a way.
    public struct Result {
        public let way: Way
        /// For one batch.
        public let times: RunTimes
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
        return heads.flatMap { head in
            InferenceForm.all(isQuantized: detector.quantized != nil).map { Way(form: $0, usesSingleHead: head) }
        }
    }

    /// Times a way on images of noise, and measures it on examples, if there are any.
    ///
    /// - Throws: `InputError` where an image cannot be read.
    public func measure(_ way: Way, on examples: [DetectionExample] = []) throws -> Result {
        let runner = DetectorInference(detector, form: way.form)
        let input = Tensor.rand([batch, 3, size, size], generator: Generator(seed: 0))
        let times = try RunTimes(seconds: seconds) {
            try runner.finalOutput(input, usesSingleHead: way.usesSingleHead)
        } select: { output in
            _ = noGrad { detector.select(output, suppression: suppression) }
        }
        return Result(way: way, times: times, validation: try validation(way, examples))
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
