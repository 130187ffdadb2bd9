import Switchback

/// Carries out a node: from its operands to its results.
typealias ONNXOperator = @Sendable (ONNXCall) throws -> [Tensor]

/// The supported operators, by name (https://onnx.ai/onnx/operators).
enum ONNXOperators {
    /// The domain of operators that onnxruntime has beyond those of ONNX.
    static let runtimeDomain = "com.microsoft"

    static let byDomain: [String: [String: ONNXOperator]] = ["": all, "ai.onnx": all, runtimeDomain: runtime]

    static let all: [String: ONNXOperator] = [
        functions, comparisons, activations, reductions, positions, shapes, arrangements, layers, normalizations,
        recurrent, attention, sampling, einsum, losses, control, quantization,
    ].reduce(into: [:]) { $0.merge($1) { first, _ in first } }

    /// An operator of one operand with floating-point numbers.
    static func float(_ body: @escaping @Sendable (Tensor) -> Tensor) -> ONNXOperator { { [body(try $0.floats())] } }

    /// An operator of one operand with numbers.
    static func number(_ body: @escaping @Sendable (Tensor) -> Tensor) -> ONNXOperator { { [body(try $0.numbers())] } }

    /// An operator of two operands that broadcast, with numbers.
    static func pair(_ body: @escaping @Sendable (Tensor, Tensor) -> Tensor) -> ONNXOperator {
        { call in
            let operands = try call.broadcasting([call.numbers(0), call.numbers(1)])
            return [body(operands[0], operands[1])]
        }
    }
}
