import Switchback

// Branches and loops.

extension ONNXOperators {
    static let control: [String: ONNXOperator] = [
        "If": { call in
            let condition = try call.truth(0)
            return try call.graph(condition ? "then_branch" : "else_branch").run(call.outer, call.run)
        },
        "Loop": loop,
    ]

    /// The body takes the number of the round, whether it continues, and what is carried from round to round; it gives
    /// whether it continues, what is carried, and what is collected over the rounds.
    private static let loop: ONNXOperator = { call in
        let body = try call.graph("body")
        let limit = try call.optional(0).map { limit in
            try call.require(limit.count == 1 && limit.dtype.isInteger, "its number of rounds is not a whole number")
            return limit.item(as: Int.self)
        }
        var goesOn = try call.optional(1) == nil || call.truth(1)
        var carried = try call.inputs.indices.dropFirst(2).map { try call.input($0) }
        try call.require(
            body.inputNames.count == carried.count + 2 && body.outputNames.count > carried.count,
            "its body has \(body.inputNames.count) inputs and \(body.outputNames.count) outputs, "
                + "and \(carried.count) tensors are carried from round to round")
        var collected = [[Tensor]](repeating: [], count: body.outputNames.count - 1 - carried.count)
        var round = 0
        while goesOn, limit.map({ round < $0 }) ?? true {
            var values = call.outer
            let inputs = [Tensor([round], shape: [], dtype: .int64), Tensor.ones([], dtype: .bool)] + carried
            for (name, tensor) in zip(body.inputNames, inputs) { values[name] = tensor }
            let outputs = try body.run(values, call.run)
            goesOn = try call.truth(of: outputs[0])
            carried = Array(outputs[1...].prefix(carried.count))
            for (position, tensor) in outputs.dropFirst(1 + carried.count).enumerated() {
                collected[position].append(tensor)
            }
            round += 1
        }
        return try carried + collected.map { try stacked($0, call) }
    }

    private static func stacked(_ rounds: [Tensor], _ call: ONNXCall) throws -> Tensor {
        guard let first = rounds.first else {
            throw call.problem("a loop without a round collects nothing of a known shape")
        }
        try call.require(
            rounds.allSatisfy { $0.shape == first.shape && $0.dtype == first.dtype },
            "what its rounds collect is not of one shape")
        _ = try call.allow([rounds.count] + first.shape)
        return Tensor.stack(rounds)
    }
}
