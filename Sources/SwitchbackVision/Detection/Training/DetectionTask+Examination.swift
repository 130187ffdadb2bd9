import Switchback
import SwitchbackTraining

/// What `switchback doctor detect` looks at.
extension DetectionTask: ExaminedTask {
    public func answers(to batch: DetectionBatch) -> Tensor { detector(batch.images) }

    /// Each image has the boxes of the one before it, which is as good as at random.
    public func shufflingTargets(of batch: DetectionBatch, by generator: Generator) -> DetectionBatch {
        batch.with(targets: batch.targets.shifted)
    }

    public func blankingInputs(of batch: DetectionBatch, from first: Int) -> DetectionBatch {
        batch.with(images: batch.images.withRowsBlanked(from: first))
    }

    public var chance: Chance? { nil }
    public var beginsTrained: Bool { configuration.pretrained != nil }
    /// At first a detector learns that there is nothing nearly everywhere.
    public var learnsFromInputsSoon: Bool { false }

    public func dataChecks() -> [DoctorCheck] {
        let report = DataReport(data)
        let training = report.parts.first { $0.split == .train }
        let heldOut = report.parts.filter { $0.split != .train }.reduce(0) { $0 + $1.images }
        var checks: [DoctorCheck] = []
        if let problem = report.problems.first {
            let more = report.problems.count > 1 ? ", and \((report.problems.count - 1).counted("other problem"))" : ""
            checks.append(
                DoctorCheck(
                    .values, .failed, "\(problem)\(more)",
                    remedy: "'switchback data check' lists all that cannot be used"))
        } else {
            checks.append(DoctorCheck(.values, .passed, "all images and labels can be read"))
        }
        if let training {
            let tiny = training.tinyBoxes > 0 ? "; \(training.tinyBoxes.grouped) boxes are tiny" : ""
            let check = DoctorCheck.classes(report.classNames, counts: training.boxesByClass)
            // Data sets often name more classes than they show; what is not shown cannot be learned, and does no harm.
            checks.append(
                training.boxes == 0
                    ? DoctorCheck(
                        .classes, .failed, "no training image has a box",
                        remedy: "look where the labels are expected: 'switchback data check' says it")
                    : DoctorCheck(
                        .classes, .passed,
                        "\(training.boxes.counted("box")) in \(training.images.counted("image"))\(tiny)"
                            + (check.outcome == .failed ? "; \(check.finding)" : "")))
        }
        let shared = report.duplicates.map { (training: $0.training, heldOut: $0.heldOut) }
        return checks + [DoctorCheck.leaks(shared, of: heldOut, "image")]
    }

    public func exactCopies() -> DoctorCheck? {
        let (training, heldOut) = (data[.train].map(\.imagePath), (data[.val] + data[.test]).map(\.imagePath))
        let shared = ExactCopies.pairs(ofFiles: training, heldOut).map {
            (training: training[$0], heldOut: heldOut[$1])
        }
        return .leaks(shared, of: heldOut.count, "image")
    }
}

extension DetectionBatch {
    fileprivate func with(images: Tensor? = nil, targets: DetectionTargets? = nil) -> DetectionBatch {
        DetectionBatch(
            images: images ?? self.images, targets: targets ?? self.targets, examples: examples,
            letterboxes: letterboxes, epoch: epoch)
    }
}
