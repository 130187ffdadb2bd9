import Switchback

/// Writes GGUF files, of version 3.
public enum GGUFWriter {
    /// A value of the metadata.
    public enum Value: Sendable {
        case uint32(Int)
        case float32(Double)
        case bool(Bool)
        case string(String)
        case strings([String])
        case floats([Float])
        case int32s([Int])
    }

    /// A tensor, and how it is to lie in the file.
    public struct Entry {
        let name: String
        let tensor: Tensor
        let type: GGUFType

        /// - Parameter type: `f32`, `f16`, `q8_0` or `q4_0`; rows that are no whole blocks lie as `f16`.
        public init(_ name: String, _ tensor: Tensor, as type: GGUFType) {
            self.name = name
            self.tensor = tensor
            self.type = type.byteCount(of: tensor.shape) == nil ? .f16 : type
        }
    }

    private static let alignment = 32

    /// Writes a file that appears whole or not at all.
    public static func write(
        _ metadata: [(name: String, value: Value)], _ entries: [Entry], to path: String
    ) throws {
        var header = Array("GGUF".utf8)
        header.append(UInt32(3))
        header.append(UInt64(entries.count))
        header.append(UInt64(metadata.count))
        for (name, value) in metadata {
            header.append(name)
            header.append(value)
        }
        var offset = 0
        for entry in entries {
            header.append(entry.name)
            header.append(UInt32(entry.tensor.rank))
            for size in entry.tensor.shape.reversed() { header.append(UInt64(size)) }
            header.append(entry.type.rawValue)
            header.append(UInt64(offset))
            offset += padded(entry.type.byteCount(of: entry.tensor.shape) ?? 0)
        }
        header += repeatElement(0, count: padded(header.count) - header.count)
        try AtomicFile.write(to: path) { file in
            try file.append(header)
            for entry in entries {
                let numbers = entry.tensor.to(.float32).toArray(as: Float.self)
                try check(numbers, entry, path)
                let bytes = entry.type.quantize(numbers)
                try file.append(bytes)
                try file.append([UInt8](repeating: 0, count: padded(bytes.count) - bytes.count))
            }
        }
    }

    /// Throws over numbers that the type has not.
    private static func check(_ numbers: [Float], _ entry: Entry, _ path: String) throws {
        let largest = entry.type == .f32 ? Float.greatestFiniteMagnitude : Float(Float16.greatestFiniteMagnitude)
        guard let strange = numbers.first(where: { !($0.magnitude <= largest) }) else { return }
        throw InputError(
            path, at: "tensor \(entry.name)", "the number \(strange) cannot be written as \(entry.type)",
            remedy: strange.isFinite ? nil : "the weights are damaged")
    }

    private static func padded(_ count: Int) -> Int { (count + alignment - 1) / alignment * alignment }
}

extension [UInt8] {
    fileprivate mutating func append<Number: FixedWidthInteger>(_ number: Number) {
        Swift.withUnsafeBytes(of: number.littleEndian) { append(contentsOf: $0) }
    }

    fileprivate mutating func append(_ text: String) {
        append(UInt64(text.utf8.count))
        append(contentsOf: text.utf8)
    }

    fileprivate mutating func append(_ value: GGUFWriter.Value) {
        switch value {
        case .uint32(let number):
            append(UInt32(4))
            append(UInt32(number))
        case .float32(let number):
            append(UInt32(6))
            append(Float(number).bitPattern)
        case .bool(let flag):
            append(UInt32(7))
            append(UInt8(flag ? 1 : 0))
        case .string(let text):
            append(UInt32(8))
            append(text)
        case .strings(let texts):
            appendList(of: 8, texts.count)
            for text in texts { append(text) }
        case .floats(let numbers):
            appendList(of: 6, numbers.count)
            for number in numbers { append(number.bitPattern) }
        case .int32s(let numbers):
            appendList(of: 5, numbers.count)
            for number in numbers { append(Int32(number)) }
        }
    }

    private mutating func appendList(of type: UInt32, _ count: Int) {
        append(UInt32(9))
        append(type)
        append(UInt64(count))
    }
}
