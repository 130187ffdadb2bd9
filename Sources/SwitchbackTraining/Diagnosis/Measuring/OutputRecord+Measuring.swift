import Switchback

extension OutputRecord {
    /// What a loss was given: the predictions, and what they should have been.
    init(measuring prediction: Tensor, with target: Tensor, in loss: String) {
        let prediction = prediction.dtype.byteCount == 2 ? prediction.to(.float32) : prediction
        let isClassLoss = ["crossEntropy", "nllLoss"].contains(loss)
        let rows = isClassLoss ? prediction.classRows : prediction.reshape([prediction.count, 1]).firstRows
        let (mean, deviation) = rows.meanAndDeviation
        self.init(
            loss: loss, classes: isClassLoss ? rows.size(1) : 1, predictionShape: Array(prediction.shape),
            targetShape: Array(target.shape), smallest: rows.min().item().recorded,
            largest: rows.max().item().recorded, std: deviation.recorded, areProbabilities: false,
            variation: deviation > 0
                ? ((rows.variationOverExamples ?? 0) / max(deviation, 1e-6 * abs(mean))).recorded : 0, counts: [])
        if loss == "nllLoss" { areLogarithms = largest <= 1e-4 && rows.exp().sumToOne }
        areProbabilities = smallest >= 0 && largest <= 1 && (!isClassLoss || rows.sumToOne)
        if isClassLoss {
            measureClasses(rows, target)
        } else {
            measureTargets(rows, target)
        }
    }

    private mutating func measureClasses(_ rows: Tensor, _ target: Tensor) {
        let logarithms = rows.logSoftmax(dim: 1)
        entropy = -(logarithms.exp() * logarithms.clamp(min: -1e4)).sum().item() / Double(rows.size(0))
        let choices = rows.argmax(dim: 1).toArray(as: Int64.self)
        majority = Self.shareOfMostFrequent(choices)
        if classes <= Self.judgedClasses {
            let likeliest = logarithms.amax(dim: 1).exp().toArray(as: Float.self).sorted()
            confidence = (Double(likeliest.reduce(0, +)) / Double(likeliest.count)).recorded
            surest = Double(likeliest[(likeliest.count - 1) * 19 / 20]).recorded
        }
        let isIndex = !target.dtype.isFloatingPoint
        let classTarget = isIndex ? target.reshape([target.count]) : target.classRows.argmax(dim: 1)
        let labels = classTarget.to(.int64).narrow(
            dim: 0, start: 0, length: min(classTarget.count, choices.count)
        ).toArray(as: Int64.self)
        let pairs = zip(choices, labels).filter { $0.1 >= 0 }
        if labels.count == choices.count && labels.allSatisfy({ $0 >= 0 && $0 < classes }) {
            let scores = loss == "nllLoss" ? rows : logarithms
            let index = Tensor(labels.map(Double.init)).to(.int64).reshape([labels.count, 1])
            value = (-scores.gather(dim: 1, index: index).mean().item()).recorded
        }
        if !pairs.isEmpty { accuracy = (Double(pairs.count { $0.0 == $0.1 }) / Double(pairs.count)).recorded }
        counts = [Int](repeating: 0, count: min(classes, Self.countedClasses))
        for label in labels where label >= 0 && label < counts.count { counts[Int(label)] += 1 }
    }

    private mutating func measureTargets(_ rows: Tensor, _ target: Tensor) {
        let targets = (target.dtype.isFloatingPoint ? target : target.to(.float32)).reshape([target.count, 1]).firstRows
        let (mean, deviation) = targets.meanAndDeviation
        (targetMean, targetStd) = (mean.recorded, deviation.recorded)
        (targetSmallest, targetLargest) = (targets.min().item().recorded, targets.max().item().recorded)
        guard targets.count == rows.count else { return }
        if let distance = Self.distance(loss) {
            value = distance(rows - targets).recorded
            blind = distance(targets.withoutMeans(ofColumns: target.rank == 2 ? target.size(1) : 1)).recorded
        }
        guard loss.hasPrefix("binaryCrossEntropy") else { return }
        let logits = loss == "binaryCrossEntropy" ? (rows / (1 - rows)).log().clamp(min: -100, max: 100) : rows
        value = ((1 - targets) * logits - logits.logSigmoid()).mean().item().recorded
        let threshold = loss == "binaryCrossEntropy" ? 0.5 : 0
        let choices = rows.gt(threshold).to(.int64).toArray(as: Int64.self)
        let labels = targets.gt(0.5).to(.int64).toArray(as: Int64.self)
        majority = Self.shareOfMostFrequent(choices)
        accuracy = (Double(zip(choices, labels).count { $0 == $1 }) / Double(labels.count)).recorded
        let positives = labels.count { $0 == 1 }
        counts = [labels.count - positives, positives]
    }

    /// What a loss makes of differences, on average, with the parameters it has by default; `nil` of other losses.
    private static func distance(_ loss: String) -> ((Tensor) -> Double)? {
        switch loss {
        case "mseLoss": { $0.sumOfSquares / Double($0.count) }
        case "l1Loss": { $0.abs().mean().item() }
        case "smoothL1Loss", "huberLoss":
            {
                let far = $0.abs()
                let near = far.clamp(max: Tensor(1.0))
                return (near * (far - near * 0.5)).mean().item()
            }
        default: nil
        }
    }

    /// The classes that are counted, and up to how many the surest answers are looked for.
    private static let (countedClasses, judgedClasses) = (100, 1000)

    private static func shareOfMostFrequent(_ values: [Int64]) -> Double {
        var counts: [Int64: Int] = [:]
        for value in values { counts[value, default: 0] += 1 }
        return (Double(counts.values.max() ?? 0) / Double(max(1, values.count))).recorded
    }
}

extension Tensor {
    /// Numbers that stand in columns, [n · columns, 1], without the mean of each column.
    fileprivate func withoutMeans(ofColumns columns: Int) -> Tensor {
        guard columns > 0, count % columns == 0, count > columns else { return self - mean() }
        let table = reshape([count / columns, columns])
        return (table - table.mean(dim: 0, keepDim: true)).reshape([count, 1])
    }

    /// Scores [N, C], [N, C, d…] or [C] as rows, [n, C]; the first ones, as many as are enough.
    fileprivate var classRows: Tensor {
        if rank == 1 { return unsqueeze(0) }
        let last = rank == 2 ? self : movedim(1, rank - 1)
        return last.reshape([count / Swift.max(1, size(1)), size(1)]).firstRows
    }

    /// The first rows of a matrix, as many as are enough to tell of all.
    fileprivate var firstRows: Tensor {
        let most = Swift.max(1, Swift.min(4096, (1 << 20) / Swift.max(1, size(1))))
        return size(0) > most ? narrow(dim: 0, start: 0, length: most) : self
    }

    fileprivate var sumToOne: Bool { size(1) > 1 && (sum(dim: 1) - 1).abs().max().item() < 1e-3 }
}
