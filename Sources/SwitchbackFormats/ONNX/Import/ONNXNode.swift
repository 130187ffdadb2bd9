import Switchback

/// A node of an ONNX graph: an operator, its attributes, and the names of its inputs and outputs.
struct ONNXNode {
    let type: String
    let inputs: [String]
    let outputs: [String]
    /// The file, for messages.
    let subject: String
    let place: String
    /// What carries it out.
    let operation: ONNXOperator
    /// The graphs among its attributes, by name: branches, and bodies of loops.
    let graphs: [String: ONNXGraph]
    private let attributes: [String: ONNXAttributeProto]

    /// - Parameter known: the names of what is computed before.
    /// - Throws: `InputError` where the operator is unknown here, or takes what nothing computes before.
    init(_ message: ONNXNodeProto, position: Int, subject: String, known: Set<String>) throws {
        (type, inputs, outputs) = (message.opType, message.input, message.output)
        self.subject = subject
        let name = message.name.isEmpty ? "\(position)" : message.name
        place = "node \(name) (\(message.opType))"
        guard let operators = ONNXOperators.byDomain[message.domain] else {
            throw InputError(
                subject, at: place,
                "the operator \(type) is one of \(message.domain), of which none are known here",
                remedy: "export the model with the operators of ONNX alone")
        }
        guard let operation = operators[type] else {
            guard message.domain != ONNXOperators.runtimeDomain else {
                let names = operators.keys.sorted().joined(separator: ", ")
                throw InputError(
                    subject, at: place,
                    "the operator \(type) of \(message.domain) is not supported: of these, \(names) is",
                    remedy: "export the model with the operators of ONNX alone")
            }
            let hint = type.nearest(in: ONNXOperators.all.keys).map { "; the nearest one is \($0)" } ?? ""
            throw InputError(subject, at: place, "the operator \(type) is not supported\(hint)")
        }
        self.operation = operation
        attributes = Dictionary(message.attribute.map { ($0.name, $0) }) { $1 }
        graphs = try attributes.filter { $0.value.hasG }.mapValues {
            try ONNXGraph($0.g, subject: subject, outer: known)
        }
        for name in inputs where !name.isEmpty && !known.contains(name) {
            throw InputError(subject, at: place, "its operand \(name) is neither an input nor computed before")
        }
    }

    /// The names of what it takes, also in its graphs.
    var names: Set<String> { graphs.values.reduce(into: Set(inputs)) { $0.formUnion($1.names) } }

    func int(_ name: String) -> Int? { attributes[name].flatMap { $0.hasI ? Int($0.i) : nil } }

    func flag(_ name: String, default value: Bool = false) -> Bool { int(name).map { $0 != 0 } ?? value }

    func ints(_ name: String) -> [Int]? { attributes[name].map { $0.ints.map(Int.init) } }

    func float(_ name: String) -> Double? { attributes[name].flatMap { $0.hasF ? Double($0.f) : nil } }

    func floats(_ name: String) -> [Double]? { attributes[name].map { $0.floats.map(Double.init) } }

    func text(_ name: String) -> String? {
        attributes[name].flatMap { $0.hasS ? String(decoding: $0.s, as: UTF8.self) : nil }
    }

    func texts(_ name: String) -> [String]? {
        attributes[name].map { $0.strings.map { String(decoding: $0, as: UTF8.self) } }
    }

    func tensor(_ name: String) throws -> Tensor? {
        guard let attribute = attributes[name], attribute.hasT else { return nil }
        return try attribute.t.tensor(subject: subject, place: "\(place), attribute \(name)")
    }
}
