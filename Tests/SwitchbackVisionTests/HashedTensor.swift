import Switchback

/// The numbers that a fixture gives a name: a + b·u, with u in [-1, 1) from a hash of the name and the position.
func hashed(_ name: String, _ shape: Shape, _ range: [Double]) -> Tensor {
    let seed = name.utf8.reduce(0xcbf2_9ce4_8422_2325 as UInt64) { ($0 ^ UInt64($1)) &* 0x100_0000_01b3 }
    let values = (0..<shape.elementCount).map { position -> Float in
        var z = seed &+ UInt64(position) &+ 0x9e37_79b9_7f4a_7c15
        z = (z ^ z >> 30) &* 0xbf58_476d_1ce4_e5b9
        z = (z ^ z >> 27) &* 0x94d0_49bb_1331_11eb
        z ^= z >> 31
        return Float(range[0] + range[1] * (Double(z >> 40) / 0x1p23 - 1))
    }
    return Tensor(values, shape: shape)
}

extension Tensor {
    /// The largest difference, relative to the largest element of `other` (at least 1).
    func distance(to other: Tensor) -> Double {
        (self - other).abs().max().item() / Swift.max(1, other.abs().max().item())
    }
}
