/// The search for the birthplace of NaN and infinity.
public enum Anomaly {
    /// Runs `body` and stops, with a sentence, at the first operation whose result or gradient holds NaN or infinity
    /// though its operands held none: the sentence names the operation and the layer. Slow: every result is read.
    ///
    /// - Parameter enabled: `false` ends the search for the time of `body`.
    public static func detect<Result>(_ enabled: Bool = true, _ body: () throws -> Result) rethrows -> Result {
        let state = ThreadState.current
        let previous = state.detectsAnomalies
        state.detectsAnomalies = enabled
        defer { state.detectsAnomalies = previous }
        return try body()
    }

    static func check(_ outputs: [NDArray], of name: StaticString, inputs: [Tensor]) {
        guard let culprit = outputs.first(where: { !$0.isFinite }) else { return }
        if inputs.contains(where: { !$0.array.isFinite }) { return }
        fail(
            "\(name)",
            "its result of shape \(culprit.shape) holds \(culprit.firstAnomaly), and its operands "
                + "\(inputs.map { $0.shape.description }.joined(separator: ", ")) were finite")
    }

    static func check(_ gradient: Tensor, ofGradient node: Node) {
        if gradient.array.isFinite { return }
        let culprit = gradient.array
        let path = (node as? OperationNode)?.origin?.modulePath ?? ""
        let place = path.isEmpty ? "" : " in \(path)"
        fail("backward of \(node.name)\(place)", "a gradient of shape \(culprit.shape) holds \(culprit.firstAnomaly)")
    }
}

extension NDArray {
    /// Whether every element is finite; true for types that hold nothing else.
    fileprivate var isFinite: Bool { !dtype.isFloatingPoint || holds(.isFinite, for: .all) }

    fileprivate var firstAnomaly: String { holds(.isNaN, for: .any) ? "NaN" : "infinity" }

    /// Whether a predicate holds for all or for any of the elements.
    private func holds(_ predicate: UnaryOperation, for quantifier: Reduction) -> Bool {
        let answer = NDArray(empty: Shape(repeating: 1, count: rank), dtype: .bool, backend: backend)
        backend.reduce(quantifier, unary(predicate), into: answer)
        return answer.pointer.load(as: Bool.self)
    }
}
