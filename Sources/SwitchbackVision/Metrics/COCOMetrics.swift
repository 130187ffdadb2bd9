/// Detection metrics as pycocotools computes them: average precision and recall over overlaps, sizes and numbers of
/// detections (Lin et al., "Microsoft COCO", 2014, and the evaluation's rules at cocodataset.org).
///
/// It differs from `DetectionMetrics` in that the precision's envelope is read as steps, that at most 100 detections of
/// a class count in an image, and that boxes marked as crowds can neither be missed nor found wrongly. Where both sides
/// have masks, those are compared instead of boxes.
public struct COCOMetrics: Sendable {
    /// A box to find. Crowds are regions of many objects, which detections may match any number of times to no effect.
    public struct Truth: Sendable {
        public var label: LabeledBox
        public var isCrowd: Bool
        /// What is compared instead of the box, where detections have masks too.
        public var mask: InstanceMask?

        public init(_ label: LabeledBox, isCrowd: Bool = false, mask: InstanceMask? = nil) {
            self.label = label
            self.isCrowd = isCrowd
            self.mask = mask
        }

        /// In square pixels.
        fileprivate var area: Double { mask.map { Double($0.area) } ?? label.box.preciseArea }
    }

    /// Sizes that are measured apart: by area, in square pixels.
    enum AreaRange: CaseIterable {
        case all, small, medium, large

        func contains(_ area: Double) -> Bool {
            switch self {
            case .all: area >= 0 && area <= 1e10
            case .small: area >= 0 && area <= 1024
            case .medium: area >= 1024 && area <= 9216
            case .large: area >= 9216 && area <= 1e10
            }
        }
    }

    /// A detection after judgement at one threshold: right, wrong, or of no consequence.
    private enum Verdict: Sendable { case right, wrong, ignored }

    /// A class in an image: what all ranges and thresholds are judged by. Masks are compared once and not kept.
    private struct Scene: Sendable {
        /// Of the detections, from the surest on, at most 100.
        let scores: [Float]
        /// Of the detections, in square pixels.
        let areas: [Double]
        let truth: [(area: Double, isCrowd: Bool)]
        /// By detection and object: intersection over union; over the detection's area where the object is a crowd.
        let overlaps: [[Double]]

        init(_ detections: [Detection], _ wanted: [Truth]) {
            scores = detections.map(\.score)
            let areas = detections.map(\.area)
            let truth = wanted.map { (area: $0.area, isCrowd: $0.isCrowd) }
            overlaps = detections.indices.map { position in
                wanted.indices.map { index in
                    let shared = COCOMetrics.shared(detections[position], wanted[index])
                    if shared == 0 { return 0 }
                    let (area, object) = (areas[position], truth[index])
                    return shared / (object.isCrowd ? area : area + object.area - shared)
                }
            }
            (self.areas, self.truth) = (areas, truth)
        }
    }

    private static let detectionLimit = 100
    /// As multiples of 0.01, which are not all the nearest numbers to the hundredths: it decides where recall equals
    /// them.
    private static let recallLevels = (0...100).map { $0 == 100 ? 1 : Double($0) * 0.01 }

    public let classCount: Int
    private var scenes: [[Scene]]

    public init(classCount: Int) {
        self.classCount = classCount
        scenes = Array(repeating: [], count: classCount)
    }

    /// Adds an image: what was found in it and what there is to find, both in pixels of the original image.
    public mutating func add(_ detections: [Detection], truth: [Truth]) {
        let foundByClass = Dictionary(grouping: detections, by: \.classIndex)
        let wantedByClass = Dictionary(grouping: truth, by: \.label.classIndex)
        for index in Set(foundByClass.keys).union(wantedByClass.keys) {
            let (found, wanted) = (foundByClass[index] ?? [], wantedByClass[index] ?? [])
            let order = found.positionsDescending(\.score).prefix(COCOMetrics.detectionLimit)
            scenes[index].append(Scene(order.map { found[$0] }, wanted))
        }
    }

    /// The figures that pycocotools summarises. A mean over nothing is -1, as there.
    public struct Results: Sendable {
        public let map, map50, map75, mapSmall, mapMedium, mapLarge: Double
        public let recallAt1, recallAt10, recallAt100, recallSmall, recallMedium, recallLarge: Double
        /// By class and threshold of overlap; `nil` if there are no boxes of the class.
        public let averagePrecisions: [[Double]?]
    }

    public func results() -> Results {
        let all = evaluate(.all, limit: 100)
        let (small, medium, large) = (
            evaluate(.small, limit: 100), evaluate(.medium, limit: 100), evaluate(.large, limit: 100)
        )
        func precision(_ evaluations: [Evaluation?], _ levels: Range<Int> = 0..<10) -> Double {
            mean(evaluations.flatMap { $0.map { evaluation in levels.map { evaluation.precisions[$0] } } ?? [] })
        }
        func recall(_ evaluations: [Evaluation?]) -> Double { mean(evaluations.flatMap { $0?.recalls ?? [] }) }
        return Results(
            map: precision(all), map50: precision(all, 0..<1), map75: precision(all, 5..<6),
            mapSmall: precision(small), mapMedium: precision(medium), mapLarge: precision(large),
            recallAt1: recall(evaluate(.all, limit: 1)), recallAt10: recall(evaluate(.all, limit: 10)),
            recallAt100: recall(all), recallSmall: recall(small), recallMedium: recall(medium),
            recallLarge: recall(large), averagePrecisions: all.map { $0?.precisions })
    }

    private func mean(_ values: [Double]) -> Double {
        values.isEmpty ? -1 : values.reduce(0, +) / Double(values.count)
    }

    // MARK: - One class

    /// By threshold of overlap.
    private struct Evaluation { var precisions, recalls: [Double] }

    private func evaluate(_ range: AreaRange, limit: Int) -> [Evaluation?] {
        scenes.map { scenes in
            let wanted = scenes.reduce(0) { $0 + $1.truth.count { !isIgnored($0, range) } }
            if wanted == 0 { return nil }
            let scores = scenes.flatMap { $0.scores.prefix(limit) }
            let order = scores.positionsDescending { $0 }
            var evaluation = Evaluation(precisions: [], recalls: [])
            for threshold in OverlapThresholds.doubles {
                let verdicts = scenes.flatMap { judge($0, threshold, range, limit: limit) }
                let (precision, recall) = accumulate(order.map { verdicts[$0] }, wanted: wanted)
                evaluation.precisions.append(precision)
                evaluation.recalls.append(recall)
            }
            return evaluation
        }
    }

    private func isIgnored(_ truth: (area: Double, isCrowd: Bool), _ range: AreaRange) -> Bool {
        truth.isCrowd || !range.contains(truth.area)
    }

    /// Detections take turns from the surest on; each takes the free box that overlaps most, and one that does not
    /// count only if there is no other.
    private func judge(_ scene: Scene, _ threshold: Double, _ range: AreaRange, limit: Int) -> [Verdict] {
        let ignored = scene.truth.map { isIgnored($0, range) }
        let order = scene.truth.indices.filter { !ignored[$0] } + scene.truth.indices.filter { ignored[$0] }
        var isTaken = [Bool](repeating: false, count: scene.truth.count)
        return scene.scores.prefix(limit).indices.map { position in
            var best = min(threshold, 1 - 1e-10)
            var choice: Int?
            for index in order {
                if isTaken[index] && !scene.truth[index].isCrowd { continue }
                if let choice, !ignored[choice], ignored[index] { break }
                if scene.overlaps[position][index] < best { continue }
                best = scene.overlaps[position][index]
                choice = index
            }
            guard let choice else {
                return range.contains(scene.areas[position]) ? .wrong : .ignored
            }
            isTaken[choice] = true
            return ignored[choice] ? .ignored : .right
        }
    }

    /// Average precision, and the recall at the end.
    private func accumulate(_ verdicts: [Verdict], wanted: Int) -> (Double, Double) {
        var (right, wrong) = (0.0, 0.0)
        var recall: [Double] = []
        var precision: [Double] = []
        for verdict in verdicts {
            right += verdict == .right ? 1 : 0
            wrong += verdict == .wrong ? 1 : 0
            recall.append(right / Double(wanted))
            precision.append(right / (right + wrong + Double.ulpOfOne))
        }
        for index in precision.indices.dropLast().reversed() {
            precision[index] = max(precision[index], precision[index + 1])
        }
        var position = 0
        let sum = COCOMetrics.recallLevels.reduce(0.0) { sum, level in
            while position < recall.count && recall[position] < level { position += 1 }
            return sum + (position < recall.count ? precision[position] : 0)
        }
        return (sum / Double(COCOMetrics.recallLevels.count), recall.last ?? 0)
    }

    /// The common area in square pixels: of masks where both have one, else of boxes.
    private static func shared(_ detection: Detection, _ truth: Truth) -> Double {
        if let a = detection.mask, let b = truth.mask { return Double(a.sharedArea(with: b)) }
        let (a, b) = (detection.box, truth.label.box)
        let width = min(Double(a.x2), Double(b.x2)) - max(Double(a.x1), Double(b.x1))
        let height = min(Double(a.y2), Double(b.y2)) - max(Double(a.y1), Double(b.y1))
        return max(width, 0) * max(height, 0)
    }
}

extension Detection {
    /// Of the mask where there is one, in square pixels.
    fileprivate var area: Double { mask.map { Double($0.area) } ?? box.preciseArea }
}

extension Box {
    /// The area in double precision.
    fileprivate var preciseArea: Double { (Double(x2) - Double(x1)) * (Double(y2) - Double(y1)) }
}
