import SwitchbackDrawing

/// How often each class was taken for which. For detection there is one class more, the background: boxes that were not
/// found, and detections where there is nothing.
public struct ConfusionMatrix: Hashable, Sendable {
    public let classCount: Int
    /// Whether the last row and column stand for the background.
    public let hasBackground: Bool
    /// `counts[predicted][true]`.
    public private(set) var counts: [[Int]]

    public init(classCount: Int, background: Bool = false) {
        self.classCount = classCount
        hasBackground = background
        let size = classCount + (background ? 1 : 0)
        counts = Array(repeating: Array(repeating: 0, count: size), count: size)
    }

    /// Adds one case. For detection, `nil` is the background.
    public mutating func add(predicted: Int?, actual: Int?) {
        counts[predicted ?? classCount][actual ?? classCount] += 1
    }

    /// Adds a picture: detections of at least `confidence` are paired with boxes, whatever their classes, from the pair
    /// that overlaps most on.
    public mutating func add(
        _ detections: [Detection], truth: [LabeledBox], confidence: Float = 0.25, overlap: Float = 0.45
    ) {
        let found = detections.filter { $0.score > confidence }
        var pairs: [(overlap: Float, detection: Int, truth: Int)] = []
        for (d, detection) in found.enumerated() {
            for (t, label) in truth.enumerated() {
                let iou = detection.box.iou(label.box)
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

    /// Each true class's column as shares that sum to 1; zeros where there was no case.
    public var shares: [[Double]] {
        let totals = counts.indices.map { column in counts.reduce(0) { $0 + $1[column] } }
        return counts.map { row in zip(row, totals).map { $1 > 0 ? Double($0) / Double($1) : 0 } }
    }

    /// Of the cases of a class, and of those that were taken for it: how many there were, and were right.
    public func precision(_ classIndex: Int) -> Double {
        let predicted = counts[classIndex].reduce(0, +)
        return predicted > 0 ? Double(counts[classIndex][classIndex]) / Double(predicted) : 0
    }

    public func recall(_ classIndex: Int) -> Double {
        let actual = counts.reduce(0) { $0 + $1[classIndex] }
        return actual > 0 ? Double(counts[classIndex][classIndex]) / Double(actual) : 0
    }

    /// What was taken for what, by true class.
    ///
    /// - Parameters:
    ///   - classes: their names, without the background.
    ///   - isNormalized: whether shares of the true class are shown, or counts.
    public func figure(
        title: String? = "Confusion matrix", classes: [String], isNormalized: Bool = true
    ) -> HeatMap {
        let names = classes + (hasBackground ? ["background"] : [])
        let byTrueClass = names.indices.map { column in counts.map { Double($0[column]) } }
        return .confusion(title: title, classes: names, counts: byTrueClass, isNormalized: isNormalized)
    }
}
