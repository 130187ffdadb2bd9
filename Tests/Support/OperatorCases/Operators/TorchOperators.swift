import Switchback

/// How one of PyTorch's operators is called here: its results, in PyTorch's order.
public typealias TorchOperator = @Sendable (OperatorCall) throws -> [Tensor]

/// How PyTorch's operators are spelled here, by the name that its test suite gives them.
public let torchOperators: [String: TorchOperator] = [
    torchFunctions, torchActivations, torchArithmetic, torchComparisons, torchReductions, torchOrderings, torchViews,
    torchJoinings, torchIndexings, torchProducts, torchNormalizations, torchConvolutions, torchPoolings,
    torchResamplings,
    torchLosses, torchCreations,
].reduce(into: [:]) { $0.merge($1) { _, _ in fatalError("an operator is listed twice") } }

/// An operator of one tensor without arguments.
func unary(_ run: @escaping @Sendable (Tensor) -> Tensor) -> TorchOperator {
    { call in
        guard call.count == 1 else { throw OperatorCall.Missing(description: "arguments") }
        return [run(try call.tensor(0))]
    }
}
