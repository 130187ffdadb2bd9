import Switchback

extension ONNXOperators {
    static let einsum: [String: ONNXOperator] = [
        "Einsum": { call in
            let operands = try call.inputs.indices.map { try call.numbers($0) }
            for operand in operands {
                try call.require(
                    operand.dtype == operands[0].dtype, "its operands are \(operands[0].dtype) and \(operand.dtype)")
            }
            let equation = (call.node.text("equation") ?? "").filter { $0 != " " }
            try check(equation, operands, call)
            return [Tensor.einsum(equation, operands)]
        }
    ]

    /// Throws unless the equation is one of letters, each of one size, and fits the operands.
    private static func check(_ equation: String, _ operands: [Tensor], _ call: ONNXCall) throws {
        let sides = equation.components(separatedBy: "->")
        let terms = sides[0].split(separator: ",", omittingEmptySubsequences: false).map(Array.init)
        try call.require(
            sides.count <= 2 && !operands.isEmpty && terms.count == operands.count
                && (sides.joined() + ",").allSatisfy { $0 == "," || ($0.isASCII && $0.isLetter) },
            "the equation \(equation) is not supported for \(operands.count) operands")
        var sizes: [Character: Int] = [:]
        for (term, operand) in zip(terms, operands) {
            try call.require(
                term.count == operand.rank, "\(String(term)) does not name the dimensions of \(operand.shape)")
            for (name, size) in zip(term, operand.shape) {
                try call.require(sizes[name] ?? size == size, "\(name) has two sizes in \(equation)")
                sizes[name] = size
            }
        }
        guard sides.count == 2 else { return }
        try call.require(
            Set(sides[1]).count == sides[1].count && sides[1].allSatisfy { sizes[$0] != nil },
            "the result \(sides[1]) names a dimension twice, or one that no operand has")
        _ = try call.allow(sides[1].map { sizes[$0] ?? 1 })
    }
}
