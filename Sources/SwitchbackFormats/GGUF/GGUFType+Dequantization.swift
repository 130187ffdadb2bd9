import Switchback

// Numbers from blocks, as ggml has them (`ggml-quants.c`, `dequantize_row_…`).

extension GGUFType {
    /// - Parameters:
    ///   - bytes: whole blocks.
    ///   - numbers: room for all of them.
    func dequantize(_ bytes: UnsafeRawBufferPointer, into numbers: UnsafeMutableBufferPointer<Float>) {
        for block in 0..<numbers.count / blockCount {
            let source = Block(bytes: bytes, start: block * blockBytes)
            let target = UnsafeMutableBufferPointer(rebasing: numbers[block * blockCount..<(block + 1) * blockCount])
            switch self {
            case .f32, .f16, .bf16: fail("GGUF", "\(self) has no blocks")
            case .q4_0: source.nibbles(at: 2, offset: -8, into: target, scale: source.half(0), minimum: 0)
            case .q4_1: source.nibbles(at: 4, offset: 0, into: target, scale: source.half(0), minimum: source.half(2))
            case .q5_0: source.fiveBits(at: 2, offset: -16, into: target, scale: source.half(0), minimum: 0)
            case .q5_1: source.fiveBits(at: 4, offset: 0, into: target, scale: source.half(0), minimum: source.half(2))
            case .q8_0: for i in 0..<32 { target[i] = source.half(0) * Float(source.signed(2 + i)) }
            case .q4_K: source.largeBlock(low: 16, high: nil, into: target)
            case .q5_K: source.largeBlock(low: 48, high: 16, into: target)
            case .q6_K: source.sixBits(into: target)
            }
        }
    }
}

/// A block of a tensor.
private struct Block {
    let bytes: UnsafeRawBufferPointer
    let start: Int

    subscript(place: Int) -> Int { Int(bytes[start + place]) }

    func signed(_ place: Int) -> Int { Int(Int8(bitPattern: bytes[start + place])) }

    /// A float16.
    func half(_ place: Int) -> Float {
        Float(Float16(bitPattern: bytes.loadUnaligned(fromByteOffset: start + place, as: UInt16.self).littleEndian))
    }

    /// 32 numbers of four bits: the low halves of 16 bytes, then the high ones.
    func nibbles(
        at place: Int, offset: Int, into target: UnsafeMutableBufferPointer<Float>, scale: Float, minimum: Float
    ) {
        for i in 0..<16 {
            let byte = self[place + i]
            target[i] = Float((byte & 15) + offset) * scale + minimum
            target[i + 16] = Float((byte >> 4) + offset) * scale + minimum
        }
    }

    /// The same with a fifth bit for each, in four bytes before.
    func fiveBits(
        at place: Int, offset: Int, into target: UnsafeMutableBufferPointer<Float>, scale: Float, minimum: Float
    ) {
        let high = (0..<4).reduce(0) { $0 | (self[place + $1] << (8 * $1)) }
        for i in 0..<16 {
            let byte = self[place + 4 + i]
            let (first, second) = ((byte & 15) | ((high >> i) & 1) << 4, (byte >> 4) | ((high >> (i + 16)) & 1) << 4)
            target[i] = Float(first + offset) * scale + minimum
            target[i + 16] = Float(second + offset) * scale + minimum
        }
    }

    /// The scale and the minimum of 32 numbers, six bits each, which 12 bytes from the fourth on have for eight.
    private func scaleAndMinimum(_ index: Int) -> (scale: Int, minimum: Int) {
        func packed(_ place: Int) -> Int { self[4 + place] }
        if index < 4 { return (packed(index) & 63, packed(index + 4) & 63) }
        return (
            (packed(index + 4) & 15) | (packed(index - 4) >> 6) << 4,
            (packed(index + 4) >> 4) | (packed(index) >> 6) << 4
        )
    }

    /// 256 numbers in eight groups: four bits of each from `low` on, and a fifth in the bits of 32 bytes from `high` on.
    func largeBlock(low: Int, high: Int?, into target: UnsafeMutableBufferPointer<Float>) {
        let (scale, minimum) = (half(0), half(2))
        for group in 0..<8 {
            let (ownScale, ownMinimum) = scaleAndMinimum(group)
            let (factor, offset) = (scale * Float(ownScale), minimum * Float(ownMinimum))
            for i in 0..<32 {
                let byte = self[low + group / 2 * 32 + i]
                var number = group % 2 == 0 ? byte & 15 : byte >> 4
                if let high { number |= ((self[high + i] >> group) & 1) << 4 }
                target[group * 32 + i] = factor * Float(number) - offset
            }
        }
    }

    /// 256 numbers of six bits: four of each in 128 bytes, two in the next 64, with 16 scales behind.
    func sixBits(into target: UnsafeMutableBufferPointer<Float>) {
        let scale = half(208)
        for half in 0..<2 {
            for quarter in 0..<4 {
                for i in 0..<32 {
                    let low = self[half * 64 + quarter % 2 * 32 + i]
                    let high = (self[128 + half * 32 + i] >> (2 * quarter)) & 3
                    let number = (quarter < 2 ? low & 15 : low >> 4) | (high << 4)
                    let own = signed(192 + half * 8 + quarter * 2 + i / 16)
                    target[half * 128 + quarter * 32 + i] = scale * Float(own) * Float(number - 32)
                }
            }
        }
    }
}
