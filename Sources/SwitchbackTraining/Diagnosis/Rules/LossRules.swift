import Foundation

// What stands before the loss, and what it is made of.

extension Evidence {
    var outputActivation: Verdict? {
        guard let first = outputs.first, outputs.count >= 2, let record = records.first else { return nil }
        func verdict(_ finding: String, _ remedy: String) -> Verdict {
            Verdict(
                .outputActivation, .problem, onset: record.step, layer: record.layers.last?.layer, finding: finding,
                remedy: remedy)
        }
        let last = records.last?.layers.last { $0.signal != nil }
        switch first.loss {
        case "crossEntropy" where first.classes > 1:
            if outputs.allSatisfy(\.areProbabilities) {
                let classes = Double(first.classes)
                let least = log(1 + (classes - 1) / M_E)
                return verdict(
                    "crossEntropy is given probabilities: a softmax stands before it, and it applies one itself, so that "
                        + "the loss cannot fall below \(least.brief)", "give it the scores, without the softmax")
            }
            if outputs.allSatisfy({ $0.smallest == 0 }), outputs.contains(where: { $0.largest > 0 }) || isIll {
                return verdict(
                    "the scores that crossEntropy is given are never below 0: a rectifier stands before it",
                    "remove the activation after the last layer")
            }
            if let name = last?.activation, isIll, ["sigmoid", "tanh"].contains(name),
                outputs.allSatisfy({ abs($0.largest) <= 1 && $0.smallest >= -1 })
            {
                return verdict(
                    "the scores that crossEntropy is given are the results of \(name) and never leave its bounds",
                    "remove the activation after the last layer")
            }
        case "crossEntropy":
            return verdict(
                "crossEntropy is given scores of a single class, of which it is always 0",
                "use binaryCrossEntropyWithLogits, or give the last layer one output for each class")
        case "nllLoss":
            if outputs.allSatisfy({ $0.largest > 1e-4 }) {
                return verdict(
                    "nllLoss is given numbers of up to \(first.largest.brief), and logarithms of probabilities are never above 0",
                    "put logSoftmax before it, or use crossEntropy in its place")
            }
            if outputs.allSatisfy({ $0.areLogarithms == false }) {
                return verdict(
                    "nllLoss is given logarithms whose probabilities do not sum to 1 over the \(first.classes) classes of an "
                        + "example: the softmax before it goes along another dimension",
                    "apply logSoftmax(dim: 1), along the classes")
            }
        case "binaryCrossEntropyWithLogits":
            if outputs.count >= 4, outputs.allSatisfy(\.areProbabilities),
                outputs.contains(where: { $0.std > 0 }) || isIll
            {
                return verdict(
                    "binaryCrossEntropyWithLogits is given numbers between 0 and 1 only: a sigmoid stands before it, and it "
                        + "applies one itself", "give it the scores, without the sigmoid")
            }
        default: return boundedPredictions(last, verdict)
        }
        return nil
    }

    /// Predictions that an activation keeps from reaching their targets.
    private func boundedPredictions(_ last: LayerRecord?, _ verdict: (String, String) -> Verdict) -> Verdict? {
        guard isIll || loss.progress < 0.9, let low = outputs.compactMap(\.targetSmallest).min(),
            let high = outputs.compactMap(\.targetLargest).max()
        else { return nil }
        guard let activation = last?.activation else { return cutPredictions(low, high, verdict) }
        let bounds: (Double, Double)
        switch activation {
        case "sigmoid", "hardsigmoid": bounds = (0, 1)
        case "tanh", "hardtanh", "softsign": bounds = (-1, 1)
        case "relu": bounds = (0, .infinity)
        case "relu6": bounds = (0, 6)
        default: return nil
        }
        let width = max(1e-9, high - low)
        guard low < bounds.0 - 0.1 * width || high > bounds.1 + 0.1 * width,
            outputs.allSatisfy({ $0.smallest >= bounds.0 - 1e-6 && $0.largest <= bounds.1 + 1e-6 })
        else { return nil }
        return verdict(
            "the targets reach from \(low.brief) to \(high.brief), and the \(activation) after the last layer gives nothing "
                + (bounds.1.isFinite ? "outside of \(bounds.0.brief) to \(bounds.1.brief)" : "below 0"),
            "remove the activation after the last layer, or normalize the targets into its range")
    }

    /// Predictions that stop at the same number in many steps, as `clamp` makes them, while targets lie beyond it.
    private func cutPredictions(
        _ low: Double, _ high: Double, _ verdict: (String, String) -> Verdict
    ) -> Verdict? {
        let (lowest, highest) = (outputs.map(\.smallest).min() ?? 0, outputs.map(\.largest).max() ?? 0)
        let often = max(3, outputs.count / 3)
        let mean = outputs.compactMap(\.targetMean).median
        let isCutAbove = outputs.count(where: { $0.largest == highest }) >= often && mean > highest
        let isCutBelow = outputs.count(where: { $0.smallest == lowest }) >= often && mean < lowest
        guard outputs.count >= LossCourse.least, isIll, isCutAbove || isCutBelow else { return nil }
        return verdict(
            "the predictions stop at exactly \((isCutAbove ? highest : lowest).brief) in one step after another, and the "
                + "targets reach from \(low.brief) to \(high.brief): something after the last layer cuts them off, where "
                + "no gradient passes",
            "remove clamp or the activation after the last layer in training, or normalize the targets into its range")
    }

    var lossShape: Verdict? {
        guard let output = outputs.first, !["crossEntropy", "nllLoss"].contains(output.loss),
            output.predictionShape != output.targetShape, output.predictionShape.count > 0,
            output.targetShape.count > 0,
            output.predictionShape.reduce(1, *) > 1, output.targetShape.reduce(1, *) > 1
        else { return nil }
        return Verdict(
            .lossShape, .problem, onset: records.first?.step,
            finding: "\(output.loss) compares predictions of shape \(output.predictionShape) with targets of shape "
                + "\(output.targetShape), each with each", remedy: "bring both to one shape, by squeeze or reshape")
    }

    /// A loss that falls by what is added to it alone, while the examples are answered as by one who does not see them.
    var penalty: Verdict? {
        let value = outputs.suffix(max(3, outputs.count / 3)).compactMap(\.value).median
        let counts = LabelCounts(outputs)
        let added = records.compactMap { record in record.output?.value.map { record.loss - $0 } }
        let isOfClasses = isOneAnswerPerExample && outputs.allSatisfy { $0.classes > 1 } && counts.share < 0.75
        let blind = outputs.compactMap(\.blind)
        guard let guess = isOfClasses ? counts.entropy : blind.count == outputs.count ? blind.median : nil,
            outputs.count == records.count, added.count >= LossCourse.least, let first = records.first,
            added[0] > 0.5 * first.loss, loss.direction == .falling, summedExamples == nil,
            value > 0.95 * guess, value < 1.15 * guess
        else { return nil }
        return Verdict(
            .penalty, .failure, onset: first.step,
            finding:
                "of the loss of the first step, \(first.loss.brief), \(added[0].brief) are a term beside \(outputs[0].loss), and "
                + "while it fell, that stayed at \(value.brief), the loss of one who does not see the inputs",
            remedy: "give the other term a factor with which it is a small part of the loss")
    }

    /// A loss that begins far from that of one who knows nothing.
    var lossScale: Verdict? {
        guard !facts.isFineTuning, let record = records.first, record.step == 0, let output = record.output,
            output.loss == "crossEntropy", output.classes > 1, let value = output.value
        else { return nil }
        let expected = log(Double(output.classes))
        let isHarmful = isIll || loss.isWorseThanGuessing
        // Where the training overcomes it, it is the last layer's weights alone that are told of.
        let variations = Array(record.layers.compactMap(\.variation).suffix(2))
        let isEnlarged =
            variations.count == 2 && variations[1] > 10 * variations[0]
        guard value > (isHarmful ? 3 : 5) * expected, isHarmful || isEnlarged else { return nil }
        return Verdict(
            .lossScale, .problem, onset: 0, layer: record.layers.last?.layer,
            finding:
                "the loss begins at \(value.brief), and that of one who guesses is ln \(output.classes) = \(expected.brief): the "
                + "scores, with a standard deviation of \(output.std.brief), are sure of what they cannot know",
            remedy: "start the last layer from smaller weights, and normalize the inputs")
    }
}
