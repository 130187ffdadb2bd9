import Switchback

/// A node of an ONNX graph: an operator's name, its attributes, and the names of what it takes and gives.
struct ONNXNode {
    let type: String
    let inputs: [String]
    let outputs: [String]
    /// The file, for messages.
    let subject: String
    let place: String
    private var attributes: [String: ONNXAttributeProto] = [:]

    init(_ message: ONNXNodeProto, position: Int, subject: String) {
        (type, inputs, outputs) = (message.opType, message.input, message.output)
        self.subject = subject
        let name = message.name.isEmpty ? "\(position)" : message.name
        place = "node \(name) (\(message.opType))"
        for attribute in message.attribute { attributes[attribute.name] = attribute }
    }

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
