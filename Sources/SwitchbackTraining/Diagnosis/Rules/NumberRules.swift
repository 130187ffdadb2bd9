// Numbers that are none.

extension Evidence {
    var notANumber: Verdict? {
        if let failure {
            return Verdict(
                .notANumber, .failure, onset: failure.step, layer: failure.birth?.module ?? failure.damagedParameter,
                finding: "in step \(failure.step + 1) \(failure.problem); \(failure.origin)",
                remedy: failure.remedy(facts))
        }
        guard let record = records.first(where: { !$0.loss.isFinite }) else { return nil }
        let layer = record.layers.first { !($0.mean ?? 0).isFinite || !$0.weight.isFinite }
        let place =
            layer.map {
                $0.weight.isFinite
                    ? "; \($0.name) is the first layer that computes such"
                    : "; the weights of \($0.name) are not finite"
            } ?? ""
        return Verdict(
            .notANumber, .failure, onset: record.step, layer: layer?.layer,
            finding: "in step \(record.step + 1) the loss is \(record.loss.brief)\(place)",
            remedy: "run the batch again inside findBirthplace { }, which names the operation")
    }

    /// NaN and infinity that come in with the data.
    var damagedInputs: Verdict? {
        guard let record = records.first(where: { $0.input?.notFinite ?? 0 > 0 }), let input = record.input else {
            return nil
        }
        return Verdict(
            .inputs, .failure, onset: record.step,
            finding:
                "in step \(record.step + 1) \(input.notFinite) of the \(input.shape.reduce(1, *)) numbers that enter the model "
                + "are NaN or infinite",
            remedy: "remove or repair these examples: check the data with isfinite() as it is loaded")
    }

    /// Gradients too small for their type.
    var underflow: Verdict? {
        guard isIll || failure != nil else { return nil }
        for layer in layers {
            let shares = records.suffix(5).compactMap { $0[layer.layer]?.subnormals }
            guard !shares.isEmpty, shares.median > 0.05 else { continue }
            // In float32 gradients become so small after something else went wrong, unless they were from the start.
            let isCause = facts.halfType != nil || records.first?[layer.layer]?.subnormals ?? 0 > 0.05
            guard isCause else { continue }
            return Verdict(
                .underflow, onset: records.first { $0[layer.layer]?.subnormals ?? 0 > 0.05 }?.step, layer: layer.layer,
                finding:
                    "\(shares.median.wholePercent) of the gradient of \(layer.name) are smaller than the smallest normal "
                    + "number of their type, and lose their digits",
                remedy:
                    "train in float32 or bfloat16, or multiply the loss before backward() and divide the gradients after it"
            )
        }
        return nil
    }
}
