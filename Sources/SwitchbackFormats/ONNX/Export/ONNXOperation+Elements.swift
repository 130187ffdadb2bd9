import Switchback

// Functions of single elements.

extension ONNXOperation {
    /// The functions that ONNX has under another name, and no numbers of their own.
    private static let unaryNames: [UnaryFunction: String] = [
        .negate: "Neg", .abs: "Abs", .sign: "Sign", .reciprocal: "Reciprocal", .sqrt: "Sqrt", .exp: "Exp", .log: "Log",
        .sin: "Sin", .cos: "Cos", .tan: "Tan", .asin: "Asin", .acos: "Acos", .atan: "Atan", .sinh: "Sinh",
        .cosh: "Cosh", .tanh: "Tanh", .asinh: "Asinh", .acosh: "Acosh", .atanh: "Atanh", .erf: "Erf", .floor: "Floor",
        .ceil: "Ceil", .round: "Round", .sigmoid: "Sigmoid", .relu: "Relu", .hardSwish: "HardSwish",
        .softSign: "Softsign", .isNaN: "IsNaN", .isInfinite: "IsInf",
    ]
    private static let binaryNames: [BinaryFunction: String] = [
        .add: "Add", .subtract: "Sub", .multiply: "Mul", .divide: "Div", .power: "Pow", .equal: "Equal", .less: "Less",
        .lessOrEqual: "LessOrEqual", .greater: "Greater", .greaterOrEqual: "GreaterOrEqual", .maximum: "Max",
        .minimum: "Min",
    ]

    func emit(_ operation: UnaryOperation, into graph: inout ONNXGraphBuilder) throws -> String {
        if let name = Self.unaryNames[operation.function] { return graph.add(name, [x]) }
        func number(_ value: Double) -> String { graph.number(value, dtype) }
        func add(_ type: String, _ operands: String..., attributes: [ONNXAttributeProto] = []) -> String {
            graph.add(type, operands, attributes)
        }
        switch operation.function {
        case .square: return add("Mul", x, x)
        case .reciprocalSqrt: return add("Reciprocal", add("Sqrt", x))
        case .exp2: return add("Pow", number(2), x)
        case .expMinus1: return add("Sub", add("Exp", x), number(1))
        case .logOf1Plus: return add("Log", add("Add", x, number(1)))
        case .log2: return add("Div", add("Log", x), number(0.693147180559945309))
        case .log10: return add("Div", add("Log", x), number(2.302585092994045684))
        case .erfc: return add("Sub", number(1), add("Erf", x))
        case .truncate: return add("Mul", add("Sign", x), add("Floor", add("Abs", x)))
        case .power: return add("Pow", x, number(operation.p0))
        case .affine:
            let (scale, shift) = (operation.p0, operation.p1)
            let scaled = scale == 1 ? x : add("Mul", x, number(scale))
            return shift == 0 ? scaled : add("Add", scaled, number(shift))
        case .clamp:
            let (low, high) = (operation.p0, operation.p1)
            return add("Clip", x, low == -.infinity ? "" : number(low), high == .infinity ? "" : number(high))
        case .logicalNot where dtype == .bool: return add("Not", x)
        case .logicalNot: return add("Equal", x, number(0))
        case .bitwiseNot where dtype == .bool: return add("Not", x)
        case .isFinite: return add("Not", add("Or", add("IsNaN", x), add("IsInf", x)))
        default: return try activation(operation, into: &graph)
        }
    }

    private func activation(_ operation: UnaryOperation, into graph: inout ONNXGraphBuilder) throws -> String {
        func number(_ value: Double) -> String { graph.number(value, dtype) }
        func add(_ type: String, _ operands: String..., attributes: [ONNXAttributeProto] = []) -> String {
            graph.add(type, operands, attributes)
        }
        switch operation.function {
        case .silu: return add("Mul", x, add("Sigmoid", x))
        case .mish: return add("Mul", x, add("Tanh", add("Softplus", x)))
        case .logSigmoid: return add("Neg", add("Softplus", add("Neg", x)))
        case .hardSigmoid: return add("HardSigmoid", x, attributes: [.float("alpha", 1 / 6.0), .float("beta", 0.5)])
        case .leakyReLU: return add("LeakyRelu", x, attributes: [.float("alpha", operation.p0)])
        case .elu: return add("Elu", x, attributes: [.float("alpha", operation.p0)])
        case .celu: return add("Celu", x, attributes: [.float("alpha", operation.p0)])
        case .selu:
            return add("Selu", x, attributes: [.float("alpha", 1.67326324235), .float("gamma", 1.05070098736)])
        case .softplus:
            let beta = operation.p0
            return beta == 1
                ? add("Softplus", x) : add("Div", add("Softplus", add("Mul", x, number(beta))), number(beta))
        case .gelu:
            let distribution = add("Add", add("Erf", add("Mul", x, number(0.5.squareRoot()))), number(1))
            return add("Mul", add("Mul", x, distribution), number(0.5))
        case .geluTanh:
            let cube = add("Mul", add("Mul", add("Mul", x, x), x), number(0.044715))
            let inner = add("Mul", add("Add", x, cube), number((2 / Double.pi).squareRoot()))
            return add("Mul", add("Mul", x, add("Add", add("Tanh", inner), number(1))), number(0.5))
        default: throw unsupported("the function \(operation)")
        }
    }

    func emit(_ operation: BinaryOperation, into graph: inout ONNXGraphBuilder) throws -> String {
        if let name = Self.binaryNames[operation.function] { return graph.add(name, inputs) }
        func add(_ type: String, _ operands: String..., attributes: [ONNXAttributeProto] = []) -> String {
            graph.add(type, operands, attributes)
        }
        func truth(_ position: Int) -> String {
            dtype == .bool
                ? inputs[position]
                : graph.cast(inputs[position], to: .bool)
        }
        let b = inputs[1]
        switch operation.function {
        case .notEqual: return add("Not", add("Equal", x, b))
        case .addScaled: return add("Add", x, add("Mul", b, graph.number(operation.p0, dtype)))
        case .fmod: return add("Mod", x, b, attributes: [.int("fmod", 1)])
        case .remainder where !dtype.isFloatingPoint: return add("Mod", x, b)
        case .remainder: return add("Sub", x, add("Mul", add("Floor", add("Div", x, b)), b))
        case .floorDivide where dtype.isFloatingPoint: return add("Floor", add("Div", x, b))
        case .floorDivide: return add("Div", add("Sub", x, add("Mod", x, b)), b)
        case .hypot: return add("Sqrt", add("Add", add("Mul", x, x), add("Mul", b, b)))
        case .logicalAnd: return add("And", truth(0), truth(1))
        case .logicalOr: return add("Or", truth(0), truth(1))
        case .logicalXor: return add("Xor", truth(0), truth(1))
        case .bitwiseAnd where dtype == .bool: return add("And", x, b)
        case .bitwiseOr where dtype == .bool: return add("Or", x, b)
        case .bitwiseXor where dtype == .bool: return add("Xor", x, b)
        default: throw unsupported("the function \(operation) of \(dtype)")
        }
    }
}
