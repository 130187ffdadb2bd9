import Switchback

/// The number format of a file, and the element type it becomes.
struct ElementFormat {
    enum Kind: String {
        case bool, int8, uint8, int16, uint16, int32, uint32, int64, uint64, float16, float32, float64
        /// Eight bits with 4 or 5 of exponent (Micikevicius et al., "FP8 formats for deep learning", 2022).
        case float8e4m3, float8e5m2
        case complex64, complex128
    }

    let kind: Kind
    let isBigEndian: Bool

    /// The size of one element in the file.
    var byteCount: Int {
        switch kind {
        case .bool, .int8, .uint8, .float8e4m3, .float8e5m2: 1
        case .int16, .uint16, .float16: 2
        case .int32, .uint32, .float32: 4
        case .int64, .uint64, .float64, .complex64: 8
        case .complex128: 16
        }
    }

    /// The narrowest element type that holds all values; of uint64 those up to that of int64, and others are refused.
    var dtype: DType {
        switch kind {
        case .bool: .bool
        case .uint8: .uint8
        case .int8, .int16, .uint16, .int32: .int32
        case .uint32, .int64, .uint64: .int64
        case .float16: .float16
        case .float32, .float8e4m3, .float8e5m2: .float32
        case .float64: .float64
        case .complex64: .complex64
        case .complex128: .complex128
        }
    }

    /// Reads a tensor, row-major. The shape is checked against what the source can hold before memory is set aside.
    func tensor(_ shape: Shape, from source: any ByteSource) throws -> Tensor {
        guard let needed = shape.byteCount(of: self), needed <= source.bound else {
            throw InputError(
                source.subject,
                "is cut short: its header gives the shape \(shape) of \(kind.rawValue), and at most "
                    + "\(source.bound) bytes follow")
        }
        let array = try NDArray(shape: shape, dtype: dtype) { memory in
            if dtype.byteCount == byteCount && kind != .uint64 {
                try source.fill(memory, with: "the data")
                if isBigEndian { swapBytes(memory) }
                if dtype == .bool { memory.normalizeBooleans(0..<memory.count) }
            } else {
                try widen(from: source, count: shape.elementCount, into: memory)
            }
        }
        return Tensor(array)
    }

    private func swapBytes(_ memory: UnsafeMutableRawBufferPointer) {
        func swap<Word: FixedWidthInteger>(_ type: Word.Type) {
            for i in memory.bindMemory(to: type).indices {
                let position = i * MemoryLayout<Word>.size
                let word = memory.load(fromByteOffset: position, as: type)
                memory.storeBytes(of: word.byteSwapped, toByteOffset: position, as: type)
            }
        }
        // Of complex numbers, each part for itself.
        switch dtype.isComplex ? byteCount / 2 : byteCount {
        case 2: swap(UInt16.self)
        case 4: swap(UInt32.self)
        case 8: swap(UInt64.self)
        default: break
        }
    }

    /// Reads elements in small portions, and converts each to the wider type.
    private func widen(from source: any ByteSource, count: Int, into memory: UnsafeMutableRawBufferPointer) throws {
        let portion = 1 << 14
        for start in stride(from: 0, to: count, by: portion) {
            let range = start..<min(start + portion, count)
            let bytes = try source.bytes(range.count * byteCount, of: "the data")
            try bytes.withUnsafeBytes { raw in
                switch kind {
                case .int8: widen(raw, Int8.self, Int32.self, into: memory, at: start)
                case .int16: widen(raw, Int16.self, Int32.self, into: memory, at: start)
                case .uint16: widen(raw, UInt16.self, Int32.self, into: memory, at: start)
                case .uint32: widen(raw, UInt32.self, Int64.self, into: memory, at: start)
                case .uint64:
                    try checkRange(raw, source.subject)
                    widen(raw, UInt64.self, Int64.self, into: memory, at: start)
                case .float8e4m3, .float8e5m2: widenFloats(raw, into: memory, at: start)
                default: preconditionFailure("\(kind) has an element type of its own width")
                }
            }
        }
    }

    private func checkRange(_ raw: UnsafeRawBufferPointer, _ subject: String) throws {
        for i in 0..<raw.count / 8 {
            let stored = raw.loadUnaligned(fromByteOffset: 8 * i, as: UInt64.self)
            let value = isBigEndian ? UInt64(bigEndian: stored) : UInt64(littleEndian: stored)
            if value > UInt64(Int64.max) {
                throw InputError(
                    subject, "holds \(value) as uint64, and int64, as which it is read, ends at \(Int64.max)")
            }
        }
    }

    private func widenFloats(
        _ raw: UnsafeRawBufferPointer, into memory: UnsafeMutableRawBufferPointer, at start: Int
    ) {
        let values = (0..<256).map { kind == .float8e4m3 ? Float(e4m3: UInt8($0)) : Float(e5m2: UInt8($0)) }
        for (i, byte) in raw.enumerated() {
            memory.storeBytes(of: values[Int(byte)], toByteOffset: 4 * (start + i), as: Float.self)
        }
    }

    private func widen<Narrow: FixedWidthInteger, Wide: FixedWidthInteger>(
        _ raw: UnsafeRawBufferPointer, _ narrow: Narrow.Type, _ wide: Wide.Type,
        into memory: UnsafeMutableRawBufferPointer, at start: Int
    ) {
        for i in 0..<raw.count / MemoryLayout<Narrow>.size {
            let stored = raw.loadUnaligned(fromByteOffset: i * MemoryLayout<Narrow>.size, as: narrow)
            let value = isBigEndian ? Narrow(bigEndian: stored) : Narrow(littleEndian: stored)
            memory.storeBytes(of: Wide(value), toByteOffset: (start + i) * MemoryLayout<Wide>.size, as: wide)
        }
    }
}

extension Float {
    /// Four bits of exponent, three of fraction; no infinities, and NaN where all seven bits are set.
    fileprivate init(e4m3 bits: UInt8) {
        self = bits & 0x7F == 0x7F ? .nan : Float(bits, fractionBits: 3, bias: 7)
    }

    /// Five bits of exponent, two of fraction, with infinities and NaN as in IEEE 754.
    fileprivate init(e5m2 bits: UInt8) {
        let isSpecial = bits & 0x7C == 0x7C
        let special: Float = bits & 3 == 0 ? .infinity : .nan
        self = isSpecial ? (bits < 0x80 ? special : -special) : Float(bits, fractionBits: 2, bias: 15)
    }

    private init(_ bits: UInt8, fractionBits: Int, bias: Int) {
        let exponent = Int(bits & 0x7F) >> fractionBits
        let fraction = Float(Int(bits) & (1 << fractionBits - 1)) / Float(1 << fractionBits)
        let significand = exponent == 0 ? fraction : 1 + fraction
        let magnitude = Float(sign: .plus, exponent: Swift.max(exponent, 1) - bias, significand: significand)
        self = bits < 0x80 ? magnitude : -magnitude
    }
}

/// How elements lie in a file: as tensors have them, or narrower or otherwise, so that they are converted.
enum StoredType {
    case plain(DType)
    case widened(ElementFormat)

    /// The bytes of an element in the file.
    var byteCount: Int {
        switch self {
        case .plain(let dtype): dtype.byteCount
        case .widened(let format): format.byteCount
        }
    }

    /// The element type of the tensor.
    var dtype: DType {
        switch self {
        case .plain(let dtype): dtype
        case .widened(let format): format.dtype
        }
    }

    static func widened(_ kind: ElementFormat.Kind) -> Self { .widened(ElementFormat(kind: kind, isBigEndian: false)) }
}

extension Shape {
    /// How many bytes so many elements of `size` bytes take; `nil` if that exceeds what can be addressed.
    func byteCount(elementSize: Int) -> Int? {
        var product = elementSize
        // Strides count an empty dimension as one, so the bound holds for them too.
        for size in self {
            let (value, overflow) = product.multipliedReportingOverflow(by: Swift.max(size, 1))
            if overflow { return nil }
            product = value
        }
        return contains(0) ? 0 : product
    }

    /// How many bytes a tensor of this shape takes in a file. Elements are counted in the wider of file and memory, so
    /// that neither size overflows.
    fileprivate func byteCount(of format: ElementFormat) -> Int? {
        guard byteCount(elementSize: Swift.max(format.byteCount, format.dtype.byteCount)) != nil else { return nil }
        return byteCount(elementSize: format.byteCount)
    }
}
