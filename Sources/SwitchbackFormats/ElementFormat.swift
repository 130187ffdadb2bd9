import Switchback

/// The number format of a file, and the element type it becomes.
struct ElementFormat {
    enum Kind: String {
        case bool, int8, uint8, int16, uint16, int32, uint32, int64, float16, float32, float64
    }

    let kind: Kind
    let isBigEndian: Bool

    /// The size of one element in the file.
    var byteCount: Int {
        switch kind {
        case .bool, .int8, .uint8: 1
        case .int16, .uint16, .float16: 2
        case .int32, .uint32, .float32: 4
        case .int64, .float64: 8
        }
    }

    /// The narrowest element type that holds all values.
    var dtype: DType {
        switch kind {
        case .bool: .bool
        case .uint8: .uint8
        case .int8, .int16, .uint16, .int32: .int32
        case .uint32, .int64: .int64
        case .float16: .float16
        case .float32: .float32
        case .float64: .float64
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
            if dtype.byteCount == byteCount {
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
        switch byteCount {
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
            bytes.withUnsafeBytes { raw in
                switch kind {
                case .int8: widen(raw, Int8.self, Int32.self, into: memory, at: start)
                case .int16: widen(raw, Int16.self, Int32.self, into: memory, at: start)
                case .uint16: widen(raw, UInt16.self, Int32.self, into: memory, at: start)
                case .uint32: widen(raw, UInt32.self, Int64.self, into: memory, at: start)
                default: preconditionFailure("\(kind) has an element type of its own width")
                }
            }
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
