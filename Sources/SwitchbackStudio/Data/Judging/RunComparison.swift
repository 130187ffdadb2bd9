import Foundation
import Hummingbird
import Switchback
import SwitchbackFormats
import SwitchbackServer
import SwitchbackVision

/// How two runs do on the images of a data set, image by image; or one run against the labels.
struct RunComparison: Encodable, Sendable {
    enum Order: String, CaseIterable, Sendable {
        /// Where they differ most.
        case difference
        /// Where both together make most mistakes.
        case worst
        /// Where they are least certain.
        case uncertain
    }

    /// Which images are listed.
    enum Part: String, CaseIterable, Sendable {
        /// Those on which the first run, or the second one, is better.
        case first, second
        /// Those on which any makes a mistake.
        case mistakes
    }

    struct Totals: Encodable, Sendable {
        var right = 0, missed = 0, wrong = 0

        fileprivate mutating func add(_ counts: KeptOutcomes.Counts) {
            right += Int(counts.right)
            missed += Int(counts.missed)
            wrong += Int(counts.wrong)
        }
    }

    struct Row: Encodable, Sendable {
        let image: ImageAnswer
        /// Class, x1, y1, x2 and y2 of each object, or the class alone.
        let truth: [[Float]]
        /// In the order of the runs.
        let outcomes: [ImageOutcome]
    }

    /// What is kept of each image while the list is put in order: what was found in all of 100,000 would fill the memory.
    private struct Standing {
        /// In the list of images.
        let position: Int
        let errors, lead: Int
        let uncertainty: Float

        init(_ position: Int, _ outcomes: [KeptOutcomes.Counts]) {
            self.position = position
            errors = outcomes.reduce(0) { $0 + $1.errors }
            lead = outcomes.count < 2 ? 0 : outcomes[0].errors - outcomes[1].errors
            uncertainty = outcomes.map(\.uncertainty).max() ?? 0
        }
    }

    let runs: [String]
    let classes: [String]
    let totals: [Totals]
    /// Labelled images that all runs have looked at.
    let images: Int
    /// On how many the first run makes fewer mistakes, and on how many the second.
    let firstBetter, secondBetter: Int
    /// The probability of such a difference by chance alone; `nil` of one run.
    let chance: Double?
    /// How many images the list has in all, and where the piece begins.
    let total, from: Int
    let rows: [Row]

    private static let mostRows = 60
    private static let usualConfidence: Float = 0.25

    /// - Throws: `InputError` where a part of the address makes no sense.
    init(_ set: OpenDataSet, _ judgements: [Judgement], _ query: Parameters) throws {
        let content = try set.index.now()
        let split: DataSplit? = try query.choice("split")
        let (order, part): (Order?, Part?) = (try query.choice("order"), try query.choice("part"))
        let confidence = try query.number("confidence", in: 1...99).map { Float($0) / 100 } ?? Self.usualConfidence
        let (count, from) = (
            try query.number("count", in: 1...Self.mostRows) ?? Self.mostRows,
            try query.number("from", in: 0...Int(Int32.max)) ?? 0
        )
        let findings = judgements.map { $0.findings() }
        func row(_ image: IndexedImage) -> Row? {
            let own = findings.compactMap { $0.finding(of: image) }
            guard own.count == findings.count, let truth = Self.truth(of: image, in: set.folder, content.keypoints)
            else { return nil }
            return Row(
                image: ImageAnswer(image), truth: truth,
                outcomes: own.map { ImageOutcome($0, truth: truth, confidence: confidence) })
        }
        func counts(_ image: IndexedImage) -> [KeptOutcomes.Counts]? {
            let known = findings.compactMap { $0.counts(of: image, confidence: confidence) }
            if known.count == findings.count { return known }
            guard let counts = row(image)?.outcomes.map(KeptOutcomes.Counts.init) else { return nil }
            for (own, counts) in zip(findings, counts) { own.keep(counts, of: image, confidence: confidence) }
            return counts
        }
        var totals = [Totals](repeating: Totals(), count: judgements.count)
        let all = content.images.enumerated().compactMap { position, image -> Standing? in
            guard image.isLabeled, split == nil || image.split == split, let counts = counts(image)
            else { return nil }
            for (run, counts) in counts.enumerated() { totals[run].add(counts) }
            return Standing(position, counts)
        }
        (self.totals, images) = (totals, all.count)
        runs = judgements.map(\.run)
        classes = content.classNames
        (firstBetter, secondBetter) = (all.count { $0.lead < 0 }, all.count { $0.lead > 0 })
        chance = judgements.count == 2 ? SignTest.probability(firstBetter, secondBetter) : nil
        let listed = Self.sorted(
            all.filter { row in
                switch part {
                case .first: row.lead < 0
                case .second: row.lead > 0
                case .mistakes: row.errors > 0
                case nil: true
                }
            }, by: order ?? (judgements.count == 2 ? .difference : .worst))
        total = listed.count
        self.from = min(from, total)
        rows = listed.dropFirst(from).prefix(count).compactMap { row(content.images[$0.position]) }
    }

    private static func sorted(_ rows: [Standing], by order: Order) -> [Standing] {
        func key(_ row: Standing) -> [Float] {
            let (lead, errors) = (Float(abs(row.lead)), Float(row.errors))
            return switch order {
            case .difference: [lead, errors, row.uncertainty]
            case .worst: [errors, lead, row.uncertainty]
            case .uncertain: [row.uncertainty, errors]
            }
        }
        // Equal ones stay in the order of the data set.
        return rows.enumerated().map { (key($1), $0, $1) }
            .sorted { $0.0 == $1.0 ? $0.1 < $1.1 : $1.0.lexicographicallyPrecedes($0.0) }.map(\.2)
    }

    /// What is in an image; `nil` where its labels cannot be read.
    private static func truth(of image: IndexedImage, in set: DataFolder, _ keypoints: KeypointLayout?) -> [[Float]]? {
        if set.kind == .classes { return image.marks.map { [Float($0.classIndex)] } }
        guard let lines = try? LabelLines.read(YOLOData.labelPath(ofImage: image.path), keypoints)
        else { return nil }
        return lines.compactMap { value in
            guard let index = value.classIndex, let bounds = value.bounds else { return nil }
            return [Float(index)] + bounds.map { Float($0) }
        }
    }
}
