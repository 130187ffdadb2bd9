// Whether the optimizer does its part.

extension Evidence {
    /// Weights that never change.
    var noSteps: Verdict? { emptyStep ?? idleSteps ?? idleGroup }

    /// Steps that found no gradients.
    private var emptyStep: Verdict? {
        let omissions = optimizers.compactMap(\.omission)
        guard omissions.count >= 2, omissions.count == optimizers.count, let omission = omissions.last else {
            return nil
        }
        return Verdict(
            .noSteps, .failure, onset: records.first?.step,
            finding: "when the optimizer makes its step, no parameter has a gradient: "
                + (omission == .gradientsForgotten
                    ? "those of backward() were forgotten before it, or come after it" : "backward() was not called"),
            remedy: "call zeroGrad(), backward() and step() in this order")
    }

    private var idleSteps: Verdict? {
        let judged = records.filter { $0.gradient > 0 }
        guard judged.count >= 3, judged.allSatisfy({ $0.layers.allSatisfy { $0.update ?? 0 == 0 } }),
            judged.contains(where: { $0.layers.contains { $0.update != nil } }),
            !records.compactMap(\.rate).contains(where: { $0 == 0 })
        else { return nil }
        let last = optimizers.last
        if let last, !last.absent.isEmpty { return nil }
        return Verdict(
            .noSteps, .failure, onset: judged.first?.step,
            finding: "the gradients are there, and no weight has changed in \(judged.count) measured steps: "
                + (last == nil
                    ? "no optimizer has made a step"
                    : "the steps of \(last?.name ?? "the optimizer") are too small to change a digit"),
            remedy: last == nil
                ? "call optimizer.step() after backward()"
                : (facts.halfType.map { "keep the weights in float32, as \($0) has too few digits for such steps; or " }
                    ?? "")
                    + "raise the learning rate\(facts.namedRate)"
        )
    }

    /// A layer that the optimizer has, and that does not change while others do.
    private var idleGroup: Verdict? {
        guard let last = optimizers.last, records.count >= 3 else { return nil }
        func isIdle(_ layer: LayerRecord, in record: StepRecord) -> Bool {
            // Gradients that are far smaller than those of others may change no digit.
            layer.frozen ?? 0 == 0 && layer.update == 0 && layer.gradient ?? 0 > 1e-2 * record.gradient
        }
        let idle = layers.first { layer in
            !last.absent.contains { $0.hasPrefix(layer.layer + ".") }
                && records.dropFirst().allSatisfy { record in
                    record[layer.layer].map { isIdle($0, in: record) } ?? false
                }
        }
        guard let idle, largestUpdate ?? 0 > Limit.noUpdate else { return nil }
        return Verdict(
            .noSteps, isIll ? .failure : .problem, onset: records.first?.step, layer: idle.layer,
            finding:
                "\(idle.name) gets gradients and \(last.name) has it, and it never changes, while other layers do: "
                + "the learning rate of its group is 0",
            remedy: "give its group of parameters a learning rate above 0, or freeze() it if that is meant")
    }

    /// Parameters that no optimizer has.
    var notInOptimizer: Verdict? {
        let seen = optimizers
        if let last = seen.last, let name = last.absent.first, seen.allSatisfy({ $0.absent.contains(name) }) {
            let others = last.absent.count > 1 ? ", and \(last.absent.count - 1) others," : ""
            let foreign =
                last.foreign > 0 ? "; of what it has, \(last.foreign.counted("parameter")) are not this model's" : ""
            let isAll = last.absent.count >= (records.last?.layers.count ?? 1) || isIll
            return Verdict(
                .notInOptimizer, isAll ? .failure : .problem, onset: records.first?.step, layer: name,
                finding: "\(last.name) does not have \(name)\(others) so that they never change\(foreign)",
                remedy: "make the optimizer from this model's parameters, after all of its layers are there")
        }
        return idleLayer
    }

    /// A layer with gradients that does not change while others do.
    private var idleLayer: Verdict? {
        // Of an optimizer that was seen it is known what it has.
        guard optimizers.isEmpty, records.count >= 3, records.contains(where: { $0.usualUpdate ?? 0 > 0 }) else {
            return nil
        }
        let idle = layers.first { layer in
            layer.frozen ?? 0 < 1 && layer.gradient ?? 0 > 0
                && records.allSatisfy { record in
                    record[layer.layer].map { $0.update == 0 && $0.gradient ?? 0 > 0 } ?? false
                }
        }
        guard let idle, records.compactMap(\.rate).allSatisfy({ $0 > 0 }) else { return nil }
        return Verdict(
            .notInOptimizer, isIll ? .failure : .problem, onset: records.first?.step, layer: idle.layer,
            finding: "\(idle.name) gets gradients and never changes, while other layers do",
            remedy: "give its parameters to the optimizer")
    }

    var staleGradients: Verdict? {
        let later = optimizers.dropFirst()
        guard later.count >= 2, later.allSatisfy({ $0.stale > 0 }), largestUpdate ?? 0 > 0,
            let last = later.last
        else { return nil }
        return Verdict(
            .staleGradients, .failure, onset: records.dropFirst().first?.step,
            finding:
                "when backward() begins, the gradients of earlier steps are still there (their norm was \(last.stale.brief) in the last step, and "
                + "\(last.gradient.brief) with the new ones): each step follows the sum of all steps so far",
            remedy: "call optimizer.zeroGrad() before backward() in each step")
    }

    var wrongDirection: Verdict? {
        let cosines = optimizers.compactMap(\.descent)
        guard loss.isLongEnough, loss.direction == .rising || loss.direction == .lost || isIll else { return nil }
        if cosines.count >= 3, cosines.median < -0.1 {
            return Verdict(
                .wrongDirection, .failure, onset: records.first?.step,
                finding:
                    "the steps go up the gradient (the cosine between them and the way down is \(cosines.median.brief)), and \(loss.sentence)",
                remedy: "remove maximizes: true, or negate the loss")
        }
        guard cosines.count >= 3, cosines.median > 0.1, loss.risesSteadily,
            updates.median < 0.02
        else { return nil }
        return Verdict(
            .wrongDirection, .failure, onset: records.first?.step,
            finding:
                "the steps follow the gradient down, are of usual size, and the loss rises in nearly every one of them: it went from \(loss.start.brief) to \(loss.end.brief), so "
                + "what is differentiated is not this loss: its sign is turned",
            remedy: "call backward() on the loss itself, and look at its sign")
    }

    var evaluationMode: Verdict? {
        if let verdict = validatedInTrainingMode { return verdict }
        guard records.count >= 2, let first = records.first(where: { !$0.isTraining }),
            // To the end, and not only in a few measured steps of a training that goes on well.
            records.suffix(max(2, records.count / 3)).allSatisfy({ !$0.isTraining }),
            facts.dropout != nil || layers.contains(where: { $0.type.contains("BatchNorm") })
        else { return nil }
        let since = first.step == records.first?.step ? "" : "from step \(first.step + 1) on, or a little before, "
        return Verdict(
            .evaluationMode, .problem, onset: first.step,
            finding:
                "\(since)the model is trained in inference mode: dropout does nothing, and batch normalization learns no statistics",
            remedy: "call model.train() before the training, and again after each validation")
    }

    /// Validations that drop units, or learn statistics of the examples that they are to judge.
    private var validatedInTrainingMode: Verdict? {
        let isNormalized = layers.contains { $0.type.contains("BatchNorm") }
        guard let first = validations.first(where: { $0.isInTrainingMode == true }), validations.count >= 2,
            validations.allSatisfy({ $0.isInTrainingMode == true }), facts.dropout ?? 0 > 0 || isNormalized
        else { return nil }
        return Verdict(
            .evaluationMode, .problem, onset: first.step,
            finding: "the model is validated in training mode: "
                + (isNormalized
                    ? "batch normalization takes its statistics from the batches that it is to judge, and learns them"
                    : "dropout leaves out \((facts.dropout ?? 0).wholePercent) of its units"),
            remedy: "call model.eval() before each validation, and model.train() after it")
    }

    var batchNorm: Verdict? {
        guard let layer = layers.first(where: { $0.type.contains("BatchNorm") }) else { return nil }
        if let shape = inputs.last?.shape, shape.count > 2, records.allSatisfy(\.isTraining),
            inputs.allSatisfy({ $0.shape.first == 1 })
        {
            return Verdict(
                .batchNorm, .problem, onset: records.first?.step, layer: layer.layer,
                finding:
                    "\(layer.name) gets batches of one example: in training it normalizes each by its own mean and "
                    + "variance, and in inference by averages over all",
                remedy:
                    "use larger batches: \(facts.named(.batch, "16")); or GroupNorm, which looks at each example alone in "
                    + "both",
                changes: [facts.change(.batch, "16")])
        }
        if let size = inputs.last?.shape.first, inputs.last?.shape.count == 2, size <= 4, loss.isLongEnough,
            loss.progress < 0.5, !loss.isAtFloor
        {
            return Verdict(
                .batchNorm, .problem, onset: records.first?.step, layer: layer.layer,
                finding:
                    "\(layer.name) takes means and variances over \(size.counted("example")), which leaves next to nothing of what "
                    + "they say, and \(loss.sentence)",
                remedy:
                    "use larger batches: \(facts.named(.batch, "16")); or LayerNorm, which looks at each example alone",
                changes: [facts.change(.batch, "16")])
        }
        guard let momentum = facts.batchNormMomentum, let last = validations.last, let training = last.trainingLoss,
            let validation = last.validationLoss, momentum * Double(last.step) < 3, validation > 1.5 * training
        else { return nil }
        return Verdict(
            .batchNorm, .problem, onset: validations.first?.step, layer: layer.layer,
            finding:
                "the running averages of \(layer.name) take \(momentum.brief) of each batch, so that after \(last.step.counted("step")) they are not yet those of the "
                + "data: the validation loss is \(validation.brief), and that of training \(training.brief)",
            remedy: "use a momentum of 0.1 for batch normalization")
    }

    var dropout: Verdict? {
        guard let share = facts.dropout, share >= 0.75, loss.isLongEnough, !loss.isAtFloor,
            isIll || loss.progress < 0.5 || share >= 0.9 && loss.latest ?? 0 > 0.25 * (loss.baseline ?? .infinity)
        else { return nil }
        return Verdict(
            .dropout, isIll ? .failure : .problem, onset: records.first?.step, layer: facts.dropoutLayer,
            finding:
                "\(facts.dropoutLayer ?? "a layer") drops \(share.wholePercent) of what passes, and \(loss.sentence)",
            remedy: facts.has(.dropout) ? "drop less: \(facts.named(.dropout, "0.2"))" : "drop less: 0.2 is usual")
    }

    var frozen: Verdict? {
        guard facts.allElements > 0 else { return nil }
        let share = 1 - Double(facts.trainedElements) / Double(facts.allElements)
        guard share > 0.5, isIll, !facts.isFineTuning || loss.progress < 0.05 else { return nil }
        let first = layers.first { $0.frozen ?? 0 > 0 }
        return Verdict(
            .frozen, .failure, onset: records.first?.step, layer: first?.layer,
            finding:
                "\(share.wholePercent) of the parameters are frozen, from \(first?.name ?? "the first layer") on, and \(loss.sentence)",
            remedy: facts.isFineTuning
                ? "freeze fewer parts (--freeze)"
                : "freeze nothing in a training that does not begin with trained weights (--freeze)",
            changes: [facts.change(.freeze, nil)])
    }
}
