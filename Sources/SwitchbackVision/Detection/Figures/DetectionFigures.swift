import Foundation
import SwitchbackDrawing

/// Figures of a detector's data and results.
public struct DetectionFigures {
    private let names: [String]
    private let painter: BoxPainter

    /// - Parameter keypoints: of poses, whose skeletons are drawn.
    public init(names: [String], keypoints: KeypointLayout? = nil) {
        self.names = names
        painter = BoxPainter(names: names, keypoints: keypoints)
    }

    // MARK: Images

    /// How many images of a batch are shown.
    private static let tiles = 16

    /// A batch with its labels.
    func truth(_ images: [ShownImage]) throws -> ImageGrid {
        try grid(images) { $0.labels.map(BoxPainter.Mark.init) }
    }

    /// A batch with what was found, where it is likely enough.
    func found(_ images: [ShownImage], confidence: Float = 0.25) throws -> ImageGrid {
        try grid(images) { $0.detections.filter { $0.score >= confidence }.map { BoxPainter.Mark($0) } }
    }

    private func grid(_ images: [ShownImage], marks: (ShownImage) -> [BoxPainter.Mark]) throws -> ImageGrid {
        let shown = images.prefix(Self.tiles)
        let largest = Double(shown.map { max($0.image.width, $0.image.height) }.max() ?? 1)
        let tiles = try shown.map { ImageGrid.Tile(try painter.paint(marks($0), on: $0.image).raster) }
        return ImageGrid(tiles, tileSize: largest)
    }

    /// The most classes whose boxes are counted in an image.
    private static let bars = 20

    /// How many boxes the classes with the most of them have, where their centers are, and how large they are.
    func labels(_ examples: [DetectionExample]) -> FigureGrid {
        let boxes = examples.flatMap(\.labels)
        let counts = Dictionary(boxes.map { ($0.classIndex, 1.0) }, uniquingKeysWith: +)
            .sorted { ($1.value, $0.key) < ($0.value, $1.key) }.prefix(Self.bars)
        // A cloud of more points shows no more.
        let sample = stride(from: 0, to: boxes.count, by: max(boxes.count / 2000, 1)).map { boxes[$0].box }
        let unit = 0.0...1.0
        return FigureGrid(
            columns: 3,
            [
                BarPlot(title: "Boxes", counts.map { (names[$0.key], $0.value) }, values: Axis("boxes")),
                Plot(
                    title: "Centers", x: Axis("x", range: unit), y: Axis("y", range: unit),
                    [Series("", sample.map { .init(Double($0.centerX), 1 - Double($0.centerY)) }, style: .points)]),
                Plot(
                    title: "Sizes", x: Axis("width", range: unit), y: Axis("height", range: unit),
                    [Series("", sample.map { .init(Double($0.width), Double($0.height)) }, style: .points)]),
            ])
    }

    // MARK: Curves

    /// One class each has a line of its own up to this number of classes.
    private static let classLines = 20

    /// Precision over recall at the overlap 0.5.
    func precisionRecall(_ results: DetectionResults) -> Plot {
        curve(
            results, "Precision and recall", x: "recall", y: "precision", \.precisionAtRecall,
            summary: "\(results.map50.threeDecimals) mAP50"
        ) { $0.ap50.threeDecimals }
    }

    func precision(_ results: DetectionResults) -> Plot {
        curve(results, "Precision", x: "confidence", y: "precision", \.precision)
    }

    func recall(_ results: DetectionResults) -> Plot {
        curve(results, "Recall", x: "confidence", y: "recall", \.recall)
    }

    func f1(_ results: DetectionResults) -> Plot {
        var plot = curve(results, "F1", x: "confidence", y: "F1", \.f1)
        if results.meanCurves.f1.contains(where: { $0 > 0 }) {
            plot.markers = [.init(.x(results.confidence), "best at \(results.confidence.threeDecimals)")]
        }
        return plot
    }

    private func curve(
        _ results: DetectionResults, _ title: String, x: String, y: String,
        _ values: KeyPath<DetectionResults.Curves, [Double]>, summary: String? = nil,
        note: ((DetectionResults.ClassResult) -> String)? = nil
    ) -> Plot {
        let points = DetectionResults.confidences
        func series(_ name: String, _ ys: [Double]) -> Series {
            Series(name, zip(points, ys).map { .init($0, $1) })
        }
        var lines = [series("all classes" + (summary.map { " " + $0 } ?? ""), results.meanCurves[keyPath: values])]
        if (2...Self.classLines).contains(results.classes.count) {
            lines += results.classes.map { result in
                series(
                    names[result.classIndex] + (note.map { " " + $0(result) } ?? ""),
                    result.curves?[keyPath: values] ?? [])
            }
        }
        let unit = 0.0...1.0
        return Plot(title: title, x: Axis(x, range: unit), y: Axis(y, range: unit), lines)
    }

    /// The confusion counts.
    func confusion(_ matrix: ConfusionMatrix, isNormalized: Bool) -> HeatMap {
        matrix.figure(classes: names, isNormalized: isNormalized)
    }
}

extension Double {
    /// `0.873`.
    var threeDecimals: String { String(format: "%.3f", self) }
}
