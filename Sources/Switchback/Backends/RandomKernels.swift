/// Counter-based random numbers, Philox4x32-10 (Salmon et al., "Parallel random numbers: as easy as 1, 2, 3", 2011):
/// element `i`, in row-major order, depends on the seed, the offset and `i` alone, never on threads or memory order.
/// All backends draw the same numbers, so that a run does not depend on where it runs:
///
/// - **Words.** Counter c, of 64 bits, under the seed gives four words of 32 bits: Philox4x32-10 of the counter
///   (c mod 2³², c / 2³², 0, 0) under the key (seed mod 2³², seed / 2³²).
/// - **Bits of an element.** Uniform and normal numbers of fewer than 8 bytes take one word each: element i has
///   r = word i mod 4 of counter offset + i / 4. All others, and integers of every type, take two: element i has
///   r = w + 2³²·w′, where w and w′ are words 2·(i mod 2) and 2·(i mod 2) + 1 of counter offset + i / 2.
/// - **Uniform.** u is made of the upper b bits of r: u = ⌊r / 2^(size of r − b)⌋ · 2^−b, where b is 24 for float32, 11
///   for float16, 8 for bfloat16, 53 for float64. The element is u · (high − low) + low, rounded once, in float32
///   (float64 for float64); where that reaches high, the next number below high.
/// - **Normal.** Elements 2i and 2i + 1 are made of their bits r and r′ (Box and Muller, 1958): mean + ρ·cos 2πt and
///   mean + ρ·sin 2πt with ρ = standardDeviation · √(−2 ln v). Of 32 bits, v = (r + 1) / 2³² and t = ⌊r′ / 2⁸⌋ / 2²⁴;
///   of 64 bits, v = (⌊r / 2¹¹⌋ + 1) / 2⁵³ and t = ⌊r′ / 2¹¹⌋ / 2⁵³. Logarithm, root and sine are as exact as the
///   device has them, so that the last digits may differ between backends.
/// - **Integers.** low + ⌊r · (high − low) / 2⁶⁴⌋, brought to the type of y.
///
/// Numbers are then rounded to the type of y.
public protocol RandomKernels {
    /// In [low, high).
    static func randomUniform(_ y: NDArray, seed: UInt64, offset: UInt64, low: Double, high: Double)
    static func randomNormal(_ y: NDArray, seed: UInt64, offset: UInt64, mean: Double, standardDeviation: Double)
    /// Integers in [low, high).
    static func randomIntegers(_ y: NDArray, seed: UInt64, offset: UInt64, low: Int64, high: Int64)
}

extension NDArray {
    /// How many counters filling the array with random numbers takes, whatever its type and kind: the offset of the
    /// next call is this much further.
    var randomCounters: UInt64 { UInt64((count + 1) / 2) }
}
