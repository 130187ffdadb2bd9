import Foundation
import Switchback

/// One operator as PyTorch computed it: operands, attributes, results and gradients, in float32 and float64.
public struct ParityCase: @unchecked Sendable, CustomStringConvertible {
    public let name: String
    public let op: String
    public let attributes: [String: Any]
    public let inputNames: [String]
    public let outputCount: Int
    /// The inputs that have a gradient.
    public let differentiable: Set<String>
    /// How far PyTorch's own float32 is from its float64, relative to the largest value (at least 1).
    public let outputError: Double
    public let gradientError: Double
    private let tensors: [String: Tensor]

    /// What the test's log calls the case; without it the log would hold every tensor of the fixture.
    public var description: String { name }

    init(_ entry: [String: Any], tensors: [String: Tensor]) {
        name = entry["name"] as! String
        op = entry["op"] as! String
        attributes = entry["attrs"] as! [String: Any]
        inputNames = entry["inputs"] as! [String]
        outputCount = entry["outputs"] as! Int
        differentiable = Set(entry["grad"] as! [String])
        let errors = entry["torch_err"] as! [NSNumber]
        outputError = errors[0].doubleValue
        gradientError = errors[1].doubleValue
        self.tensors = tensors
    }

    /// All cases of Tests/Fixtures/ops.
    public static let all: [ParityCase] = {
        let fixture = try! Fixture("ops")
        return (fixture.manifest["cases"] as! [[String: Any]]).map { ParityCase($0, tensors: fixture.tensors) }
    }()

    /// A tensor of the case by role (`in`, `out`, `out64`, `gout`, `gin`, `gin64`) and name.
    public func tensor(_ role: String, _ name: String) -> Tensor? { tensors["\(self.name)/\(role)/\(name)"] }
}

/// The operands of a case, of one precision, as an operation takes them: by PyTorch's names.
public struct ParityArguments {
    public let attributes: [String: Any]
    public let inputs: [(name: String, tensor: Tensor)]

    public init(attributes: [String: Any], inputs: [(name: String, tensor: Tensor)]) {
        self.attributes = attributes
        self.inputs = inputs
    }

    /// An operand by position.
    public subscript(position: Int) -> Tensor { inputs[position].tensor }

    /// An operand by name, if the case has it.
    public subscript(name: String) -> Tensor? { inputs.first { $0.name == name }?.tensor }

    public func int(_ name: String) -> Int? { (attributes[name] as? NSNumber)?.intValue }
    public func double(_ name: String) -> Double? {
        switch attributes[name] {
        case let text as String: text == "inf" ? .infinity : text == "-inf" ? -.infinity : Double(text)
        case let number as NSNumber: number.doubleValue
        default: nil
        }
    }
    public func bool(_ name: String) -> Bool? { (attributes[name] as? NSNumber)?.boolValue }
    public func string(_ name: String) -> String? { attributes[name] as? String }
    /// A list of integers; a single one counts as a list of one.
    public func ints(_ name: String) -> [Int]? {
        if let list = attributes[name] as? [NSNumber] { return list.map(\.intValue) }
        return int(name).map { [$0] }
    }
    /// Height and width: one number stands for both.
    public func pair(_ name: String) -> [Int]? {
        ints(name).map { $0.count == 1 ? [$0[0], $0[0]] : $0 }
    }
}

/// How a case of one operator is computed here: its results, in PyTorch's order.
public typealias ParityOperation = @Sendable (ParityArguments) -> [Tensor]
