import Foundation
import Switchback

extension ReferenceBackend {
    public static func randomUniform(_ y: NDArray, seed: UInt64, offset: UInt64, low: Double, high: Double) {
        let bits = y.dtype.fractionBits
        let fractions = randomBits(y, y.count, seed, offset).map {
            Double($0 >> (64 - bits)) * Foundation.exp2(-Double(bits))
        }
        y.store(
            fractions.map { y.dtype == .float64 ? stretched($0, low, high) : Double(stretched(Float($0), low, high)) })
    }

    private static func stretched<Number: BinaryFloatingPoint>(_ u: Number, _ low: Double, _ high: Double) -> Number {
        let (start, end) = (Number(low), Number(high))
        let x = start.addingProduct(u, Number(high - low))
        return x < end ? x : (start < end ? end.nextDown : end.nextUp)
    }

    /// Pairs of uniform numbers become pairs of normal ones (Box and Muller, 1958).
    public static func randomNormal(_ y: NDArray, seed: UInt64, offset: UInt64, mean: Double, standardDeviation: Double)
    {
        let isDouble = y.dtype == .float64
        let bits = randomBits(y, y.count + y.count % 2, seed, offset)
        let normals = stride(from: 0, to: bits.count, by: 2).flatMap { i -> [Double] in
            let radiusBits = Double(isDouble ? bits[i] >> 11 : bits[i] >> 32)
            let uniform = (radiusBits + 1) * (isDouble ? 0x1p-53 : 0x1p-32)
            let radius = (-2 * Foundation.log(uniform)).squareRoot() * standardDeviation
            let turn = isDouble ? Double(bits[i + 1] >> 11) * 0x1p-53 : Double(bits[i + 1] >> 40) * 0x1p-24
            let angle = 2 * Double.pi * turn
            return [radius * Foundation.cos(angle), radius * Foundation.sin(angle)]
        }
        y.store(normals.prefix(y.count).map { mean + $0 })
    }

    public static func randomIntegers(_ y: NDArray, seed: UInt64, offset: UInt64, low: Int64, high: Int64) {
        let width = UInt64(bitPattern: high &- low)
        let words = Philox.words(2 * y.count, seed: seed, offset: offset)
        y.store(
            (0..<y.count).map { i -> Int64 in
                let bits = UInt64(words[2 * i]) | UInt64(words[2 * i + 1]) << 32
                return low &+ Int64(bitPattern: bits.multipliedFullWidth(by: width).high)
            })
    }

    /// Random bits for each element, the random ones uppermost: 64 for an element of 8 bytes, else 32.
    private static func randomBits(_ y: NDArray, _ count: Int, _ seed: UInt64, _ offset: UInt64) -> [UInt64] {
        if y.dtype.byteCount < 8 { return Philox.words(count, seed: seed, offset: offset).map { UInt64($0) << 32 } }
        let words = Philox.words(2 * count, seed: seed, offset: offset)
        return (0..<count).map { UInt64(words[2 * $0]) | UInt64(words[2 * $0 + 1]) << 32 }
    }
}

extension DType {
    /// How many bits a random fraction of this type has.
    fileprivate var fractionBits: Int {
        switch self {
        case .float64: 53
        case .float16: 11
        case .bfloat16: 8
        default: 24
        }
    }
}

/// Philox4x32-10 (Salmon et al., 2011): four random words from a counter and a key.
enum Philox {
    /// The first `count` words of the counters from `offset` on.
    static func words(_ count: Int, seed: UInt64, offset: UInt64) -> [UInt32] {
        let blocks = (0..<UInt64((count + 3) / 4)).flatMap { block(counter: offset &+ $0, seed: seed) }
        return Array(blocks.prefix(count))
    }

    static func block(counter: UInt64, seed: UInt64) -> [UInt32] {
        var c: [UInt32] = [UInt32(truncatingIfNeeded: counter), UInt32(truncatingIfNeeded: counter >> 32), 0, 0]
        var key: [UInt32] = [UInt32(truncatingIfNeeded: seed), UInt32(truncatingIfNeeded: seed >> 32)]
        for _ in 0..<10 {
            let (high0, low0) = (0xD251_1F53 as UInt32).multipliedFullWidth(by: c[0])
            let (high1, low1) = (0xCD9E_8D57 as UInt32).multipliedFullWidth(by: c[2])
            c = [high1 ^ c[1] ^ key[0], low1, high0 ^ c[3] ^ key[1], low0]
            key = [key[0] &+ 0x9E37_79B9, key[1] &+ 0xBB67_AE85]
        }
        return c
    }
}
