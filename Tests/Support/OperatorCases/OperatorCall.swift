import Foundation
import Switchback

/// The arguments that PyTorch was called with: by position, the tensor itself first, and by name.
public struct OperatorCall {
    /// What an operator here does not take, though PyTorch's does.
    public struct Missing: Error, CustomStringConvertible {
        public let description: String
    }

    /// The operands whose gradients are compared, in PyTorch's order.
    public let leaves: [Tensor]
    /// What the operands are in: float16, say.
    public let dtype: DType
    private let positional: [Any]
    private let named: [String: Any]

    init(_ entry: [String: Any], _ tensors: [String: Tensor]) throws {
        var reader = ArgumentReader(tensors: tensors)
        positional = (entry["args"] as! [Any]).map { reader.read($0) }
        named = (entry["kwargs"] as! [String: Any]).mapValues { reader.read($0) }
        leaves = reader.leaves.sorted { $0.key < $1.key }.map(\.value)
        dtype = DType(named: entry["dtype"] as! String)!
    }

    /// How many arguments have a position.
    public var count: Int { positional.count }

    /// Stops the case where it has arguments by these names.
    public func refuse(_ names: String...) throws {
        for name in names where value(nil, name) != nil { throw Missing(description: "the argument \(name)") }
    }

    /// Stops the case where it turns on an option by this name.
    public func refuse(option name: String) throws {
        if bool(nil, name) == true { throw Missing(description: "the option \(name)") }
    }

    private func value(_ position: Int?, _ name: String?) -> Any? {
        var found: Any?
        if let position, position < positional.count { found = positional[position] }
        if let name, found == nil { found = named[name] }
        return found is NSNull ? nil : found
    }

    public func tensor(_ position: Int, _ name: String? = nil) throws -> Tensor {
        guard let tensor = value(position, name) as? Tensor else {
            throw Missing(description: "something else than a tensor as argument \(name ?? "\(position)")")
        }
        return tensor
    }

    public func optionalTensor(_ position: Int?, _ name: String) throws -> Tensor? {
        try value(position, name).map { found in
            guard let tensor = found as? Tensor else { throw Missing(description: "\(name) that is not a tensor") }
            return tensor
        }
    }

    /// The tensors of a list.
    public func tensors(_ position: Int, _ name: String? = nil) throws -> [Tensor] {
        let list = value(position, name) as? [Any] ?? []
        let tensors = list.compactMap { $0 as? Tensor }
        if tensors.count != list.count || list.isEmpty { throw Missing(description: "a list of other things") }
        return tensors
    }

    /// The tensors of a list, `nil` if PyTorch was given None.
    public func optionalTensors(_ position: Int) throws -> [Tensor?] {
        try (value(position, nil) as? [Any] ?? []).map { item in
            if item is NSNull { return nil }
            guard let tensor = item as? Tensor else { throw Missing(description: "a list of other things") }
            return tensor
        }
    }

    /// All positional arguments from one on, which are tensors.
    public func tensors(from position: Int) throws -> [Tensor] {
        try (position..<positional.count).map { try tensor($0) }
    }

    /// A number of any kind.
    public func number(_ position: Int?, _ name: String? = nil) -> (any Scalar)? {
        value(position, name) as? any Scalar
    }

    public func int(_ position: Int?, _ name: String? = nil) -> Int? { value(position, name) as? Int }
    public func double(_ position: Int?, _ name: String? = nil) -> Double? { number(position, name)?.doubleValue }
    public func bool(_ position: Int?, _ name: String? = nil) -> Bool? { value(position, name) as? Bool }
    public func string(_ position: Int?, _ name: String? = nil) -> String? { value(position, name) as? String }
    public func dtype(_ position: Int?, _ name: String = "dtype") -> DType? { value(position, name) as? DType }

    public func required(_ position: Int?, _ name: String? = nil) throws -> Int {
        guard let number = int(position, name) else { throw Missing(description: "\(name ?? "an argument") left out") }
        return number
    }

    /// A list of integers, also as a vector; a single one counts as a list of one, and None in a list as −1.
    public func ints(_ position: Int?, _ name: String? = nil) -> [Int]? {
        if let list = value(position, name) as? [Any] { return list.compactMap { $0 is NSNull ? -1 : $0 as? Int } }
        if let vector = value(position, name) as? Tensor { return vector.toArray(as: Int.self) }
        return int(position, name).map { [$0] }
    }

    /// Lists of integers.
    public func lists(_ position: Int, _ name: String) throws -> [[Int]] {
        guard let lists = value(position, name) as? [[Int]] else {
            throw Missing(description: "a list of other things")
        }
        return lists
    }

    public func doubles(_ position: Int?, _ name: String? = nil) -> [Double]? {
        if let list = value(position, name) as? [Any] { return list.compactMap { ($0 as? any Scalar)?.doubleValue } }
        return double(position, name).map { [$0] }
    }

    /// Integers that stand one after another, or in a list: `x.permute(2, 0, 1)`.
    public func spread(_ position: Int, _ name: String) -> [Int] {
        if let list = ints(position, name), value(position, nil) is [Any] || position + 1 >= positional.count {
            return list
        }
        return (position..<positional.count).compactMap { int($0) }
    }

    /// What stands in a subscript.
    public func indices(_ position: Int) throws -> [any TensorIndexConvertible] {
        let found = value(position, nil)
        return try (found as? [Any] ?? [found ?? NSNull()]).map { item in
            switch item {
            case let index as TensorIndex: return index
            case let number as Int: return number
            case let tensor as Tensor: return tensor
            case let positions as [Int]: return Tensor(positions)
            case is NSNull: return TensorIndex.newAxis
            default: throw Missing(description: "an index of another kind")
            }
        }
    }
}

/// Turns JSON into tensors, numbers and lists of them.
private struct ArgumentReader {
    let tensors: [String: Tensor]
    var leaves: [Int: Tensor] = [:]

    mutating func read(_ value: Any) -> Any {
        if let list = value as? [Any] { return list.map { read($0) } }
        if let entry = value as? [String: Any] { return read(entry) }
        if let number = value as? NSNumber { return number.intValue }
        return value
    }

    private mutating func read(_ entry: [String: Any]) -> Any {
        if let key = entry["tensor"] as? String { return tensor(key, entry) }
        if let text = entry["float"] as? String { return Double(text)! }
        if let flag = entry["bool"] as? NSNumber { return flag.intValue != 0 }
        if let name = entry["dtype"] as? String { return DType(named: name)! }
        if entry["ellipsis"] != nil { return TensorIndex.ellipsis }
        let bounds = (entry["slice"] as! [Any]).map { ($0 as? NSNumber)?.intValue }
        return TensorIndex.slice(from: bounds[0], to: bounds[1], step: bounds[2] ?? 1)
    }

    private mutating func tensor(_ key: String, _ entry: [String: Any]) -> Tensor {
        var tensor = tensors[key]!.copied()
        if let strides = entry["strides"] as? [NSNumber] { tensor = tensor.laidOut(Shape(strides.map(\.intValue))) }
        if let leaf = entry["leaf"] as? NSNumber {
            tensor.requiresGrad = true
            leaves[leaf.intValue] = tensor
        }
        return tensor
    }
}

extension Tensor {
    /// The same values in memory with these strides.
    fileprivate func laidOut(_ strides: Shape) -> Tensor {
        let extent = count == 0 ? 0 : zip(shape, strides).reduce(1) { $0 + ($1.0 - 1) * $1.1 }
        let memory = Tensor.empty([extent], dtype: dtype)
        let view = NDArray(storage: memory.array.storage, shape: shape, strides: strides, dtype: dtype)
        view.backend.copy(array, into: view)
        return Tensor(view)
    }
}

extension DType {
    public init?(named name: String) {
        guard let type = DType.allCases.first(where: { "\($0)" == name }) else { return nil }
        self = type
    }
}
