import Foundation
import Switchback

// Checks of the model as it is, before it is trained.

extension Visit {
    /// The structure of the first step, and whether its gradients reach all parameters.
    func structureChecks() throws -> [DoctorCheck] {
        task.model.train()
        task.model.zeroGrad()
        let trace = StepTrace(task.model)
        defer { trace.end() }
        let loss = try task.loss(batches[0])
        guard loss.total.requiresGrad else {
            return [
                DoctorCheck(
                    .structure, .failed, "the loss does not depend on any parameter that is trained",
                    remedy: "unfreeze() some, and look for detach() and noGrad")
            ]
        }
        loss.total.backward()
        trace.end()
        try measureStep()
        try shrinkBatches(to: affordableStepSeconds)
        if parts > 1 { try measureStep() }
        let verdicts = GraphFindings.of(trace)
        let ills = verdicts.filter { $0.severity > .note }.map { DoctorCheck(.structure, $0) }
        let gradients = gradientChecks(known: ills.count)
        task.model.zeroGrad()
        if !(ills + gradients).isEmpty { return ills + gradients }
        let notes = verdicts.map { "; worth knowing: \($0.finding)" }.joined()
        let count = task.model.parameters.count(where: \.requiresGrad)
        return [
            DoctorCheck(
                .structure, .passed,
                "the gradient reaches all \(count.counted("parameter")) that are trained, and what the loss is given suits "
                    + "it\(notes)")
        ]
    }

    /// How long a step takes, once all is prepared that the first one prepares.
    private func measureStep() throws {
        if parts > 1 { try task.loss(batches[0]).total.backward() }
        let start = ContinuousClock.now
        try task.loss(batches[0]).total.backward()
        stepSeconds = start.duration(to: .now) / .seconds(1)
    }

    /// Parameters without a gradient, or with one that is no number.
    private func gradientChecks(known: Int) -> [DoctorCheck] {
        let trained = task.model.namedParameters.filter(\.parameter.requiresGrad)
        if let bad = trained.first(where: { !($0.parameter.gradElements?.isFinite ?? true) }) {
            return [
                DoctorCheck(
                    .structure, .failed, "the gradient of \(bad.name) is not finite in the first step",
                    remedy: "train with --diagnose, which finds the operation that made it so")
            ]
        }
        let missing = trained.filter { $0.parameter.gradElements == nil }
        guard known == 0, let first = missing.first else { return [] }
        let others = missing.count > 1 ? ", and \(missing.count - 1) more," : ""
        return [
            DoctorCheck(
                .structure, .failed,
                "the parameter \(first.name)\(others) gets no gradient: the loss does not depend on it",
                remedy: "use it in forward(_:), freeze it, or remove it")
        ]
    }

    /// The loss before training, against that of a guess.
    func startLoss() throws -> DoctorCheck {
        let loss = try meanLoss(Array(batches.prefix(4)))
        startsFinite = loss.isFinite
        guard startsFinite else {
            return DoctorCheck(
                .startLoss, .failed, "it is \(loss.brief)",
                remedy: "look for NaN and infinity in the data; --diagnose finds the operation that made it so")
        }
        guard let chance = task.chance, chance.classes > 1 else {
            return DoctorCheck(.startLoss, .passed, "it is \(loss.brief), a finite number")
        }
        let guess = "guessing evenly among \(chance.classes.counted("class")) gives \(chance.uniform.brief)"
        if loss > 2 * chance.uniform + 1 {
            return DoctorCheck(
                .startLoss, .failed, "it is \(loss.brief), where \(guess): the model is sure of wrong answers",
                remedy: "start the last layer from smaller weights, and normalize the inputs")
        }
        if loss < 0.5 * min(chance.uniform, chance.entropy) && !isTrained {
            return DoctorCheck(
                .startLoss, .failed, "it is \(loss.brief), where \(guess), though nothing was learned yet",
                remedy: "look whether the labels are among the inputs, and whether the loss is a mean over padding")
        }
        return DoctorCheck(
            .startLoss, .passed,
            "it is \(loss.brief), where \(guess), and knowing only how frequent each is \(chance.entropy.brief)")
    }

    /// Whether what the model answers to an example depends on the others of its batch.
    func isolation() throws -> DoctorCheck {
        task.model.eval()
        defer { task.model.train() }
        let (answers, others) = try noGrad {
            let blanked = task.blankingInputs(of: batches[0], from: 1)
            return (try task.answers(to: batches[0]).to(.float32), try task.answers(to: blanked).to(.float32))
        }
        guard answers.rank > 0, answers.shape[0] > 1, answers.shape == others.shape, answers.count > 0 else {
            return DoctorCheck(.isolation, .skipped, "a batch of one example has no others")
        }
        let (first, changed) = (answers.select(dim: 0, index: 0), others.select(dim: 0, index: 0))
        let difference = (first - changed).abs().amax().item()
        let size = first.abs().amax().item()
        guard difference > 1e-3 * max(size, 1e-6) else {
            return DoctorCheck(
                .isolation, .passed,
                "other examples in the batch change the answer to the first by no more than \(difference.brief) of "
                    + "\(size.brief), in inference mode")
        }
        return DoctorCheck(
            .isolation, .failed,
            "other examples in the batch change the answer to the first by \(difference.brief) of \(size.brief), in "
                + "inference mode",
            remedy:
                "look for a reshape or transpose that mixes the dimension of the batch with others, and for softmax, "
                + "mean or normalization along it")
    }
}
