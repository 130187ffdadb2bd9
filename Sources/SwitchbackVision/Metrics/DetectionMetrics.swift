import Foundation

/// Detection metrics as Ultralytics computes them: precision, recall and F1 where F1 is highest, mAP50 and mAP50-95.
///
/// Within an image, detections take turns from the surest on, for each threshold of overlap anew: each takes, of the
/// boxes of its class that are still free and overlap enough, the one that overlaps most. Average precision is the area
/// under the precision's envelope, read at 101 recalls with straight lines between, by trapezoids.
///
/// ```swift
/// var metrics = DetectionMetrics(classCount: data.classNames.count)
/// for image in results { metrics.add(image.detections, truth: image.boxes) }  // both in the same pixels
/// print(metrics.results().map50)
/// ```
public struct DetectionMetrics: Codable, Sendable {
    public let classCount: Int

    /// Of one detection: its score, and at which thresholds it is right.
    private struct Judged: Codable {
        let score: Float
        let isRight: [Bool]

        init(score: Float, isRight: [Bool]) { (self.score, self.isRight) = (score, isRight) }

        // One number, because there are many of these: the score's bits above one bit for each threshold.

        init(from decoder: any Decoder) throws {
            let number = try decoder.singleValueContainer().decode(Int.self)
            let count = OverlapThresholds.count
            score = Float(bitPattern: UInt32(truncatingIfNeeded: number >> count))
            isRight = (0..<count).map { number >> $0 & 1 == 1 }
        }

        func encode(to encoder: any Encoder) throws {
            let bits = isRight.enumerated().reduce(0) { $0 | ($1.element ? 1 << $1.offset : 0) }
            var container = encoder.singleValueContainer()
            try container.encode(Int(score.bitPattern) << OverlapThresholds.count | bits)
        }
    }

    private var judged: [[Judged]]
    private var truthCounts: [Int]
    private var imageCounts: [Int]

    public init(classCount: Int) {
        self.classCount = classCount
        judged = Array(repeating: [], count: classCount)
        truthCounts = Array(repeating: 0, count: classCount)
        imageCounts = Array(repeating: 0, count: classCount)
    }

    /// Adds an image: what was found in it and what there is to find.
    public mutating func add(_ detections: [Detection], truth: [LabeledBox]) {
        add(detections, truth: truth) { detections[$0].box.iou(truth[$1].box) }
    }

    /// Adds an image whose objects are compared in another way than by their boxes.
    ///
    /// - Parameter overlap: of a detection and an object, by their positions: from 0, apart, to 1, equal.
    public mutating func add(_ detections: [Detection], truth: [LabeledBox], overlap: (Int, Int) -> Float) {
        for label in truth { truthCounts[label.classIndex] += 1 }
        for index in Set(truth.map(\.classIndex)) { imageCounts[index] += 1 }
        let order = detections.positionsDescending(\.score)
        var taken = Array(repeating: Array(repeating: false, count: truth.count), count: OverlapThresholds.count)
        for position in order {
            let detection = detections[position]
            let overlaps = truth.indices.map { index in
                truth[index].classIndex == detection.classIndex ? overlap(position, index) : -1
            }
            let ranked = overlaps.positionsDescending { $0 }
            let isRight = OverlapThresholds.floats.indices.map { level in
                let threshold = OverlapThresholds.floats[level]
                let choice = ranked.first { !taken[level][$0] }
                guard let choice, overlaps[choice] >= threshold else { return false }
                taken[level][choice] = true
                return true
            }
            judged[detection.classIndex].append(Judged(score: detection.score, isRight: isRight))
        }
    }

    /// Adds the images of other metrics of the same classes, as if they came after those that are in.
    public mutating func add(_ other: DetectionMetrics) {
        for index in 0..<classCount {
            judged[index] += other.judged[index]
            truthCounts[index] += other.truthCounts[index]
            imageCounts[index] += other.imageCounts[index]
        }
    }

    /// The figures over all images so far.
    public func results() -> DetectionResults {
        let classes = (0..<classCount).filter { truthCounts[$0] > 0 }
        var sums = DetectionResults.Curves()
        var kept: [DetectionResults.Curves] = []
        for index in classes {
            let curves = curves(index)
            sums.add(curves)
            if classes.count <= DetectionResults.keptCurves { kept.append(curves) }
        }
        let means = sums.divided(by: Double(max(1, classes.count)))
        // One confidence for all classes: where the mean F1, smoothed, is highest.
        let best = smoothed(means.f1).positionsDescending { $0 }.first ?? 0
        let results = classes.enumerated().map { position, index in
            // Curves that were not kept are computed again: time instead of memory.
            let own = kept.isEmpty ? curves(index) : kept[position]
            return DetectionResults.ClassResult(
                classIndex: index, boxCount: truthCounts[index], imageCount: imageCounts[index],
                precision: own.precision[best], recall: own.recall[best],
                averagePrecisions: own.averagePrecisions, curves: kept.isEmpty ? nil : own)
        }
        return DetectionResults(
            classes: results, meanCurves: means, confidence: DetectionResults.confidences[best])
    }

    private func curves(_ classIndex: Int) -> DetectionResults.Curves {
        let sorted = judged[classIndex].positionsDescending(\.score).map { judged[classIndex][$0] }
        let total = Double(truthCounts[classIndex])
        var curves = DetectionResults.Curves()
        guard !sorted.isEmpty else { return curves }
        for level in 0..<OverlapThresholds.count {
            var right = 0.0
            var recall: [Double] = []
            var precision: [Double] = []
            for (position, detection) in sorted.enumerated() {
                right += detection.isRight[level] ? 1 : 0
                recall.append(right / total)
                precision.append(right / Double(position + 1))
            }
            let envelope = PrecisionEnvelope(recall: recall, precision: precision)
            curves.averagePrecisions[level] = envelope.area
            guard level == 0 else { continue }
            // Confidence falls along the curves, so they are read against its negative.
            let negated = sorted.map { -Double($0.score) }
            for (point, confidence) in DetectionResults.confidences.enumerated() {
                curves.recall[point] = interpolate(-confidence, negated, recall, before: 0)
                curves.precision[point] = interpolate(-confidence, negated, precision, before: 1)
                curves.precisionAtRecall[point] = envelope.precision(at: confidence)
                curves.f1[point] = harmonicMean(curves.precision[point], curves.recall[point])
            }
        }
        return curves
    }

    /// The mean over a window of a tenth of the points to each side; beyond the ends the end values go on.
    private func smoothed(_ values: [Double]) -> [Double] {
        let window = Int((Double(values.count) * 0.1 * 2).rounded(.toNearestOrEven)) / 2 + 1
        let reach = window / 2
        guard let first = values.first, let last = values.last else { return values }
        let padded = [Double](repeating: first, count: reach) + values + [Double](repeating: last, count: reach)
        return values.indices.map { start in
            padded[start..<min(padded.count, start + window)].reduce(0) { $0 + $1 / Double(window) }
        }
    }
}

/// The results of `DetectionMetrics`.
public struct DetectionResults: Sendable {
    /// 1,000 confidences from 0 to 1, at which the curves are read.
    public static let confidences: [Double] = (0..<1000).map { Double($0) / 999 }

    /// A class's curves over `confidences`, at the overlap 0.5.
    public struct Curves: Sendable {
        public internal(set) var precision = [Double](repeating: 0, count: 1000)
        public internal(set) var recall = [Double](repeating: 0, count: 1000)
        /// The precision's envelope over 1,000 recalls from 0 to 1.
        public internal(set) var precisionAtRecall = [Double](repeating: 0, count: 1000)
        public internal(set) var f1 = [Double](repeating: 0, count: 1000)
        var averagePrecisions = [Double](repeating: 0, count: OverlapThresholds.count)

        private static let all = [\Curves.precision, \.recall, \.precisionAtRecall, \.f1, \.averagePrecisions]

        fileprivate mutating func add(_ other: Curves) {
            for curve in Self.all {
                for point in self[keyPath: curve].indices {
                    self[keyPath: curve][point] += other[keyPath: curve][point]
                }
            }
        }

        fileprivate func divided(by count: Double) -> Curves {
            var result = self
            for curve in Self.all { result[keyPath: curve] = self[keyPath: curve].map { $0 / count } }
            return result
        }
    }

    /// The most classes whose own curves are kept, which take 32 KB each.
    public static let keptCurves = 100

    public struct ClassResult: Sendable {
        public let classIndex: Int
        /// How many boxes of the class there are, and in how many images.
        public let boxCount, imageCount: Int
        /// At the confidence that is best for all classes together.
        public let precision, recall: Double
        /// At the overlaps 0.50, 0.55, … 0.95.
        public let averagePrecisions: [Double]
        /// `nil` if there are more than `keptCurves` classes.
        public let curves: Curves?

        public var f1: Double { harmonicMean(precision, recall) }
        public var ap50: Double { averagePrecisions[0] }
        public var ap75: Double { averagePrecisions[5] }
        /// The mean over the overlaps from 0.50 to 0.95.
        public var ap: Double { averagePrecisions.reduce(0, +) / Double(averagePrecisions.count) }
    }

    /// The classes that there are boxes of.
    public let classes: [ClassResult]
    /// The means of the classes' curves.
    public let meanCurves: Curves
    /// The confidence at which precision and recall are given.
    public let confidence: Double

    /// Means over the classes that there are boxes of; 0 if there are none.
    public var precision: Double { mean(\.precision) }
    public var recall: Double { mean(\.recall) }
    public var f1: Double { mean(\.f1) }
    public var map50: Double { mean(\.ap50) }
    public var map75: Double { mean(\.ap75) }
    /// mAP50-95.
    public var map: Double { mean(\.ap) }

    private func mean(_ value: (ClassResult) -> Double) -> Double {
        classes.isEmpty ? 0 : classes.reduce(0) { $0 + value($1) } / Double(classes.count)
    }
}

/// Precision over recall, made to fall only.
private struct PrecisionEnvelope {
    private var recall, precision: [Double]

    init(recall: [Double], precision: [Double]) {
        // Beyond the last recall that was reached there is no precision.
        self.recall = [0] + recall + [recall.last ?? 1, 1]
        self.precision = [1] + precision + [0, 0]
        for index in self.precision.indices.dropLast().reversed() {
            self.precision[index] = max(self.precision[index], self.precision[index + 1])
        }
    }

    func precision(at level: Double) -> Double { interpolate(level, recall, precision, before: 1) }

    /// By trapezoids between 101 recalls.
    var area: Double {
        let values = (0...100).map { precision(at: Double($0) / 100) }
        return zip(values, values.dropFirst()).reduce(0) { $0 + ($1.0 + $1.1) / 200 }
    }
}

/// The value at `x` of the line through points whose `xs` never fall; of points with equal `xs`, the last counts.
/// Before the first it is `before`, and after the last the last value.
private func interpolate(_ x: Double, _ xs: [Double], _ ys: [Double], before: Double) -> Double {
    guard let first = xs.first, let last = ys.last, x >= first else { return before }
    var low = 0
    var high = xs.count
    while high - low > 1 {
        let middle = (low + high) / 2
        if xs[middle] <= x { low = middle } else { high = middle }
    }
    guard high < xs.count else { return last }
    let slope = (ys[high] - ys[low]) / (xs[high] - xs[low])
    return slope * (x - xs[low]) + ys[low]
}

/// 0 where both are.
func harmonicMean(_ a: Double, _ b: Double) -> Double { a + b > 0 ? 2 * a * b / (a + b) : 0 }
