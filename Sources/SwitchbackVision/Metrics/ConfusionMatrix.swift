import SwitchbackDrawing

/// How often each class was predicted as each other. For detection there is one more class, the background: missed
/// boxes, and false detections.
///
/// Only pairs that occurred take memory, so that it grows with the number of classes and not with its square.
public struct ConfusionMatrix: Codable, Hashable, Sendable {
    private struct Pair: Codable, Hashable { let predicted, actual: Int }

    public let classCount: Int
    /// Whether the last row and column stand for the background.
    public let hasBackground: Bool
    private var pairs: [Pair: Int] = [:]
    private var predictedTotals, actualTotals: [Int]

    public init(classCount: Int, background: Bool = false) {
        self.classCount = classCount
        hasBackground = background
        predictedTotals = Array(repeating: 0, count: classCount + (background ? 1 : 0))
        actualTotals = predictedTotals
    }

    /// The number of rows and columns.
    private var size: Int { predictedTotals.count }

    /// Adds one case. For detection, `nil` is the background.
    public mutating func add(predicted: Int?, actual: Int?) {
        let pair = Pair(predicted: predicted ?? classCount, actual: actual ?? classCount)
        predictedTotals[pair.predicted] += 1
        actualTotals[pair.actual] += 1
        pairs[pair, default: 0] += 1
    }

    /// Adds the cases of another matrix of the same classes.
    public mutating func add(_ other: ConfusionMatrix) {
        for (pair, count) in other.pairs { pairs[pair, default: 0] += count }
        for index in actualTotals.indices {
            predictedTotals[index] += other.predictedTotals[index]
            actualTotals[index] += other.actualTotals[index]
        }
    }

    /// How often items of the class `actual` were taken for `predicted`.
    public func count(predicted: Int, actual: Int) -> Int { pairs[Pair(predicted: predicted, actual: actual)] ?? 0 }

    /// How many items of a class there were.
    public func actualCount(_ classIndex: Int) -> Int { actualTotals[classIndex] }

    /// `counts[predicted][true]`: a whole matrix, for few classes.
    public var counts: [[Int]] {
        var counts = Array(repeating: Array(repeating: 0, count: size), count: size)
        for (pair, count) in pairs { counts[pair.predicted][pair.actual] = count }
        return counts
    }

    /// A class that was taken for another, and how often.
    public struct Confusion: Codable, Hashable, Sendable {
        public let actual, predicted, count: Int
    }

    /// Which class was taken for which other, from the most frequent on.
    ///
    /// - Parameter limit: how many pairs there are at most.
    public func confusions(_ limit: Int) -> [Confusion] {
        let wrong = pairs.filter { $0.key.predicted != $0.key.actual }.map {
            Confusion(actual: $0.key.actual, predicted: $0.key.predicted, count: $0.value)
        }
        return Array(
            wrong.sorted { ($1.count, $0.actual, $0.predicted) < ($0.count, $1.actual, $1.predicted) }.prefix(limit))
    }

    /// Adds an image: detections of at least `confidence` are paired with boxes, whatever their classes, from the pair
    /// that overlaps most on.
    public mutating func add(
        _ detections: [Detection], truth: [LabeledBox], confidence: Float = 0.25, overlap: Float = 0.45
    ) {
        add(detections, truth: truth, confidence: confidence, overlap: overlap) {
            detections[$0].box.iou(truth[$1].box)
        }
    }

    /// The same, with objects that are compared in another way than by their boxes.
    ///
    /// - Parameter overlapOf: of a detection and an object, by their positions.
    mutating func add(
        _ detections: [Detection], truth: [LabeledBox], confidence: Float = 0.25, overlap: Float = 0.45,
        overlapOf: (Int, Int) -> Float
    ) {
        let likely = detections.indices.filter { detections[$0].score > confidence }
        let found = likely.map { detections[$0] }
        var pairs: [(overlap: Float, detection: Int, truth: Int)] = []
        for (d, position) in likely.enumerated() {
            for t in truth.indices {
                let iou = overlapOf(position, t)
                if iou > overlap { pairs.append((iou, d, t)) }
            }
        }
        var freeDetections = Set(found.indices)
        var freeTruth = Set(truth.indices)
        for position in pairs.positionsDescending(\.overlap) {
            let pair = pairs[position]
            guard freeDetections.contains(pair.detection), freeTruth.contains(pair.truth) else { continue }
            freeDetections.remove(pair.detection)
            freeTruth.remove(pair.truth)
            add(predicted: found[pair.detection].classIndex, actual: truth[pair.truth].classIndex)
        }
        for index in freeDetections { add(predicted: found[index].classIndex, actual: nil) }
        for index in freeTruth { add(predicted: nil, actual: truth[index].classIndex) }
    }

    /// Of the cases of a class, and of those that were taken for it: how many there were, and were right.
    public func precision(_ classIndex: Int) -> Double { share(classIndex, of: predictedTotals) }

    public func recall(_ classIndex: Int) -> Double { share(classIndex, of: actualTotals) }

    private func share(_ classIndex: Int, of totals: [Int]) -> Double {
        let right = count(predicted: classIndex, actual: classIndex)
        return totals[classIndex] > 0 ? Double(right) / Double(totals[classIndex]) : 0
    }

    // MARK: The figure

    /// The most classes that a figure shows.
    static let figureLimit = 50

    /// What was taken for what, by true class; of many classes, those that were most often taken for others, or others
    /// for them.
    ///
    /// - Parameters:
    ///   - classes: their names, without the background.
    ///   - isNormalized: whether shares of the true class are shown, or counts.
    public func figure(
        title: String? = "Confusion matrix", classes: [String], isNormalized: Bool = true
    ) -> HeatMap {
        let names = classes + (hasBackground ? ["background"] : [])
        let shown = shownClasses
        let isPart = shown.count < size
        let part = isPart ? "the \(shown.count - (hasBackground ? 1 : 0)) most confused of \(classCount) classes" : nil
        return .confusion(
            title: [title, part].compactMap { $0 }.joined(separator: ": "), classes: shown.map { names[$0] },
            counts: shown.map { actual in shown.map { Double(count(predicted: $0, actual: actual)) } },
            totals: shown.map { Double(actualTotals[$0]) }, isNormalized: isNormalized)
    }

    /// The classes of a figure, in their order; the background is always among them.
    private var shownClasses: [Int] {
        if size <= Self.figureLimit { return Array(0..<size) }
        var mistakes = [Int](repeating: 0, count: size)
        for (pair, count) in pairs where pair.predicted != pair.actual {
            mistakes[pair.predicted] += count
            mistakes[pair.actual] += count
        }
        let background = hasBackground ? [classCount] : []
        let most = mistakes.prefix(classCount).positionsDescending { $0 }.prefix(Self.figureLimit - background.count)
        return most.sorted() + background
    }
}
