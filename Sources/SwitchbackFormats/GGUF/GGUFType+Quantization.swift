import Switchback

// Blocks from numbers, as ggml has them (`ggml-quants.c`, `quantize_row_…_ref`).

extension GGUFType {
    /// The bytes of numbers, which are whole blocks.
    func quantize(_ numbers: [Float]) -> [UInt8] {
        var bytes: [UInt8] = []
        bytes.reserveCapacity(numbers.count / blockCount * blockBytes)
        switch self {
        case .f32: for number in numbers { bytes.append(bits: number.bitPattern) }
        case .f16: for number in numbers { bytes.append(bits: Float16(number).bitPattern) }
        case .q8_0: for block in numbers.chunks(of: 32) { bytes.appendEightBits(block) }
        case .q4_0: for block in numbers.chunks(of: 32) { bytes.appendFourBits(block) }
        default: fail("GGUF", "\(self) is not written")
        }
        return bytes
    }
}

extension [Float] {
    fileprivate func chunks(of count: Int) -> some Sequence<[Float]> {
        stride(from: 0, to: self.count, by: count).lazy.map { Array(self[$0..<$0 + count]) }
    }
}

extension [UInt8] {
    fileprivate mutating func append<Number: FixedWidthInteger>(bits: Number) {
        Swift.withUnsafeBytes(of: bits.littleEndian) { append(contentsOf: $0) }
    }

    fileprivate mutating func appendEightBits(_ block: [Float]) {
        let scale = (block.map(abs).max() ?? 0) / 127
        let inverse = scale == 0 ? 0 : 1 / scale
        append(bits: Float16(scale).bitPattern)
        for number in block {
            append(UInt8(bitPattern: Int8((number * inverse).rounded(.toNearestOrAwayFromZero))))
        }
    }

    fileprivate mutating func appendFourBits(_ block: [Float]) {
        // The largest has −8, so that its sign is kept.
        let scale = (block.max { abs($0) < abs($1) } ?? 0) / -8
        let inverse = scale == 0 ? 0 : 1 / scale
        append(bits: Float16(scale).bitPattern)
        let numbers = block.map { UInt8(Swift.min(15, Swift.max(0, Int($0 * inverse + 8.5)))) }
        for i in 0..<16 { append(numbers[i] | (numbers[i + 16] << 4)) }
    }
}
