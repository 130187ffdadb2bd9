import Dispatch
import Kernels

/// The peak performance of the processor on all threads of the pool: upper bounds for kernels.
public struct ProcessorCeilings: Sendable, Codable {
    /// Multiplications and additions in registers, in 10⁹ a second; one of each counts as two.
    public let gigaflops: Double
    /// Memory read, in 10⁹ bytes a second.
    public let readBandwidth: Double
    /// Memory read and written, of each as much, past the caches.
    public let copyBandwidth: Double
    /// Two parts read and one written, past the caches (McCalpin's STREAM triad).
    public let triadBandwidth: Double

    /// The higher of the two bandwidths of reading and writing together, as nearly all kernels do.
    public var bandwidth: Double { max(copyBandwidth, triadBandwidth) }
}

extension Processor {
    /// Measures what this processor reaches at best: the fastest of several runs of each loop.
    ///
    /// - Parameters:
    ///   - seconds: how long each of four loops is tried.
    ///   - elements: the floats in each array of the memory loops; more than all caches hold.
    public static func measureCeilings(seconds: Double = 0.5, elements: Int = 1 << 25) -> ProcessorCeilings {
        var sink: Float = 0
        let pieces = 4 * threadCount
        let operations = sb_ceiling_multiply_add(pieces, 200_000, &sink)
        let arithmetic = shortest(seconds) { _ = sb_ceiling_multiply_add(pieces, 200_000, &sink) }
        let arrays = [1, 1, 0].map { value in
            NDArray(filled: value, shape: [elements], dtype: .float32, backend: CPUBackend.self)
        }
        let (a, b, c) = (arrays[0].floats, arrays[1].floats, arrays[2].floats)
        let bytes = Double(4 * elements)
        return withExtendedLifetime(arrays) {
            ProcessorCeilings(
                gigaflops: operations / arithmetic / 1e9,
                readBandwidth: bytes / shortest(seconds) { sb_ceiling_read(elements, a, &sink) } / 1e9,
                copyBandwidth: 2 * bytes / shortest(seconds) { sb_ceiling_copy(elements, a, c) } / 1e9,
                triadBandwidth: 3 * bytes / shortest(seconds) { sb_ceiling_triad(elements, a, b, c) } / 1e9)
        }
    }

    /// The seconds of the fastest of the runs that fit in a time; of one at least.
    private static func shortest(_ seconds: Double, _ body: () -> Void) -> Double {
        let end = DispatchTime.now().uptimeNanoseconds + UInt64(seconds * 1e9)
        var best = Double.infinity
        repeat {
            let start = DispatchTime.now().uptimeNanoseconds
            body()
            best = min(best, Double(DispatchTime.now().uptimeNanoseconds - start) * 1e-9)
        } while DispatchTime.now().uptimeNanoseconds < end
        return best
    }
}
