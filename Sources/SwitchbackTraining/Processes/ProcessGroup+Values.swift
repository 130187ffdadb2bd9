import Foundation
import Switchback

// Values that pass between processes.

extension ProcessGroup {
    /// The values of all processes, in their order.
    public func gather<Value: Codable>(_ own: Value) throws -> [Value] {
        if size == 1 { return [own] }
        return try gather(encoded(own)).map(decoded)
    }

    /// Computes values in turns, one in each process at a time, and hands all of them to all processes in their order: what
    /// is folded there is the same on any number of processes.
    ///
    /// - Parameters:
    ///   - compute: gives the value of a number from 0 to `count - 1`; is asked in each process for every `size`-th one from `rank`
    ///     on.
    ///   - fold: takes the values of all numbers, in ascending order.
    /// - Throws: what they throw, and `InputError` where the processes do not ask for equally many.
    public func inTurns<Value: Codable>(
        _ count: Int, _ compute: (_ number: Int) throws -> Value, fold: (Value) throws -> Void
    ) throws {
        if let found = try disagreement(on: count) {
            throw InputError(
                "processes", "they have different amounts of data: \(found.description { $0.counted("part") })",
                remedy: "give all of them the same data")
        }
        for first in stride(from: 0, to: count, by: size) {
            let own = try first + rank < count ? compute(first + rank) : nil
            for case let value? in try gather(own) { try fold(value) }
        }
    }

    /// What the first process makes, in all of them.
    ///
    /// - Throws: in the first process what `make` throws, in all others `FailedElsewhere`.
    public func fromRoot<Value: Codable>(_ make: () throws -> Value) throws -> Value {
        if size == 1 { return try make() }
        guard isRoot else {
            guard let value = try decoded([Value].self, broadcast(Data())).first else { throw FailedElsewhere() }
            return value
        }
        do {
            let value = try make()
            _ = broadcast(try encoded([value]))
            return value
        } catch {
            _ = broadcast(try encoded([Value]()))
            throw error
        }
    }

    /// The tensors of the first process, in all of them.
    ///
    /// - Parameter tensors: those of this process; only the first one's matter.
    func fromRoot(_ tensors: [String: Tensor]) throws -> [String: Tensor] {
        if size == 1 { return tensors }
        struct Description: Codable {
            let name, dtype: String
            let shape: [Int]
        }
        let list = try fromRoot {
            tensors.sorted { $0.key < $1.key }.map {
                Description(name: $0.key, dtype: "\($0.value.dtype)", shape: Array($0.value.shape))
            }
        }
        var result: [String: Tensor] = [:]
        for described in list {
            guard let dtype = DType(named: described.dtype) else { continue }
            let array = NDArray(shape: Shape(described.shape), dtype: dtype) { memory in
                if isRoot { tensors[described.name]?.array.withHostBytes { memory.copyMemory(from: $0) } }
                broadcast(memory)
            }
            result[described.name] = Tensor(array)
        }
        return result
    }

    /// The bytes of the first process, in all of them.
    private func broadcast(_ own: Data) -> Data {
        var count = own.count
        withUnsafeMutableBytes(of: &count) { broadcast($0) }
        var bytes = isRoot ? own : Data(count: count)
        bytes.withUnsafeMutableBytes { broadcast($0) }
        return bytes
    }

    // In an array, because the values may be nil.

    private func encoded(_ value: some Encodable) throws -> Data {
        let encoder = JSONEncoder()
        encoder.nonConformingFloatEncodingStrategy = .convertToString(
            positiveInfinity: "inf", negativeInfinity: "-inf", nan: "nan")
        return try encoder.encode([value])
    }

    private func decoded<Value: Decodable>(_ data: Data) throws -> Value { try decoded(Value.self, data) }

    private func decoded<Value: Decodable>(_ type: Value.Type, _ data: Data) throws -> Value {
        let decoder = JSONDecoder()
        decoder.nonConformingFloatDecodingStrategy = .convertFromString(
            positiveInfinity: "inf", negativeInfinity: "-inf", nan: "nan")
        return try decoder.decode([Value].self, from: data)[0]
    }
}

/// A tensor that can pass between processes.
public struct SharedTensor: Codable {
    public let tensor: Tensor

    public init(_ tensor: Tensor) { self.tensor = tensor }

    private enum Key: CodingKey { case dtype, shape, bytes }

    public init(from decoder: any Decoder) throws {
        let values = try decoder.container(keyedBy: Key.self)
        let name = try values.decode(String.self, forKey: .dtype)
        let bytes = try values.decode(Data.self, forKey: .bytes)
        guard let dtype = DType(named: name) else {
            throw DecodingError.dataCorruptedError(forKey: .dtype, in: values, debugDescription: name)
        }
        let shape = Shape(try values.decode([Int].self, forKey: .shape))
        tensor = Tensor(
            NDArray(shape: shape, dtype: dtype) { memory in bytes.withUnsafeBytes { memory.copyMemory(from: $0) } })
    }

    public func encode(to encoder: any Encoder) throws {
        var values = encoder.container(keyedBy: Key.self)
        try values.encode("\(tensor.dtype)", forKey: .dtype)
        try values.encode(Array(tensor.shape), forKey: .shape)
        try values.encode(tensor.array.withHostBytes { Data($0) }, forKey: .bytes)
    }
}

extension DType {
    fileprivate init?(named name: String) {
        guard let found = DType.allCases.first(where: { "\($0)" == name }) else { return nil }
        self = found
    }
}
