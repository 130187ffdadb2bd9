import Switchback
import SwitchbackDrawing
import SwitchbackTraining

/// Figures of a classifier's data and results.
public struct ClassifierFigures {
    private let classNames: [String]

    public init(_ classNames: [String]) { self.classNames = classNames }

    /// The most tiles of an image.
    private static let tileCount = 16
    /// The most classes that have bars.
    private static let barLimit = 50
    private static let wrong = Color(0xC0272D)

    /// Draws `confusion_matrix.png` and `classes.png`, and for images `predictions.png` and, if there are any,
    /// `mistakes.png`.
    ///
    /// - Parameter file: the path for a file's name.
    /// - Throws: `InputError` where an image cannot be read or a file cannot be written.
    public func draw(
        _ evaluation: ClassifierEvaluation, of classifier: Classifier, on examples: ClassificationExamples,
        into file: (String) -> String
    ) throws {
        let metrics = evaluation.metrics
        try metrics.confusion.figure(title: "\(metrics.top1.percent) correct", classes: classNames)
            .write(to: file("confusion_matrix.png"))
        try bars(metrics).write(to: file("classes.png"))
        try predictions(of: classifier, on: examples)?.write(to: file("predictions.png"))
        try mistakes(evaluation.worstMistakes, in: examples)?.write(to: file("mistakes.png"))
    }

    /// Examples with their classes; `nil` if inputs are not images.
    func examples(_ batch: Example, title: String) throws -> ImageGrid? {
        guard let tiles = batch.input.rasters(first: Self.tileCount) else { return nil }
        let captioned = zip(tiles, batch.target.toArray(as: Int.self)).map { ImageGrid.Tile($0, classNames[$1]) }
        return ImageGrid(title: title, captioned)
    }

    /// Precision, recall and F1; of many classes, of those that are told apart worst.
    func bars(_ metrics: ClassificationMetrics) -> BarPlot {
        var classes = metrics.classes
        var title = "By class"
        if classes.count > Self.barLimit {
            // A class without examples has nothing to be found.
            let measured = classes.filter { $0.examples > 0 }
            let worst = measured.map { -$0.f1 }.positionsDescending { $0 }.prefix(Self.barLimit)
            title += ": the \(worst.count) of \(classes.count) classes with the lowest F1"
            classes = worst.map { measured[$0] }
        }
        return BarPlot(
            title: title, classes.map(\.className), values: Axis("share", range: 0...1.1),
            groups: [
                ("precision", classes.map(\.precision)), ("recall", classes.map(\.recall)), ("F1", classes.map(\.f1)),
            ])
    }

    private func predictions(of classifier: Classifier, on examples: ClassificationExamples) throws -> ImageGrid? {
        let count = min(Self.tileCount, examples.count)
        // Spread over all, because files are often sorted by class.
        let batch = try examples.examples(at: (0..<count).map { $0 * examples.count / count })
        guard let tiles = batch.input.rasters() else { return nil }
        let answers = zip(try classifier.predict(batch.input), batch.target.toArray(as: Int.self))
        let captioned = zip(tiles, answers).map { tile, answer in
            let (prediction, target) = answer
            let isRight = prediction.classIndex == target
            let caption = isRight ? prediction.className : "\(prediction.className), not \(classNames[target])"
            return ImageGrid.Tile(tile, caption, color: isRight ? Theme.text : Self.wrong)
        }
        return ImageGrid(title: "Predictions on validation examples", captioned)
    }

    private func mistakes(
        _ mistakes: [ClassifierEvaluation.Mistake], in examples: ClassificationExamples
    ) throws -> ImageGrid? {
        guard !mistakes.isEmpty, let tiles = try examples.examples(at: mistakes.map(\.index)).input.rasters() else {
            return nil
        }
        let captioned = zip(tiles, mistakes).map { tile, mistake in
            let found = mistake.predicted
            return ImageGrid.Tile(
                tile, "\(found.className) \(found.probability.percent), not \(classNames[mistake.actual])",
                color: Self.wrong)
        }
        return ImageGrid(title: "The worst mistakes", captioned, tileSize: max(180, tiles.largestSide))
    }
}

extension [Raster] {
    fileprivate var largestSide: Double { Double(map { Swift.max($0.width, $0.height) }.max() ?? 0) }
}

extension Tensor {
    /// Images of the first inputs, [N, C, H, W]; `nil` if they are not images.
    func rasters(first count: Int = .max) -> [Raster]? {
        guard rank == 4, [1, 3, 4].contains(shape[1]), shape[0] > 0 else { return nil }
        let images = self[0..<Swift.min(count, shape[0])].to(.float32)
        let (low, high) = (images.min().item(), images.max().item())
        // Bytes as they are; other numbers from the least to the greatest.
        let range = dtype == .uint8 && high > 16 ? (0.0, 255.0) : (low, Swift.max(high, low + 1e-9))
        let scale = 255 / (range.1 - range.0)
        let bytes = ((images - Tensor(Float(range.0))) * Tensor(Float(scale))).clamp(min: 0.0, max: 255.0)
        return bytes.split(1).map { $0.toArray(as: Double.self).raster(shape) }
    }
}

extension [Double] {
    /// Of numbers from 0 to 255, [C, H, W], an image.
    fileprivate func raster(_ shape: Shape) -> Raster {
        let area = shape[2] * shape[3]
        let channels = shape[1] == 1 ? [0, 0, 0] : [0, 1, 2]
        let rgb = (0..<area).flatMap { position in channels.map { UInt8(self[$0 * area + position]) } }
        return Raster(width: shape[3], height: shape[2], rgb: rgb)
    }
}
