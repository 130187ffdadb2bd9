import Kernels

/// The processor that the CPU backend runs on.
public enum Processor {
    /// The instruction set that kernels run with: `avx512`, `avx2` or `baseline`, and on arm64 `neon-dot` or `neon`. Chosen at
    /// first use; the environment variable `SWITCHBACK_ISA` forces one that the processor has.
    public static var instructionSet: String { String(cString: sb_isa_name()) }

    /// Whether products of bfloat16 have an instruction of their own (AVX512_BF16), so that `withPrecision(.bfloat16)` is
    /// faster than float32; elsewhere it gives the same bits, and is no faster.
    public static var hasBFloat16Products: Bool { sb_has_bfloat_products() != 0 }

    /// The number of threads of the kernels' pool: `SWITCHBACK_THREADS`, or the processors that the process may use.
    public static var threadCount: Int {
        get { Int(sb_thread_count()) }
        set {
            require((1...256).contains(newValue), "threadCount", "must be from 1 to 256, not \(newValue)")
            sb_set_thread_count(Int32(newValue))
        }
    }

    /// Runs `body` without Winograd's algorithm, on this thread: 3×3 convolutions are then direct sums.
    ///
    /// Winograd's minimal filtering (Lavin and Gray, "Fast Algorithms for Convolutional Neural Networks", 2016)
    /// computes convolutions of 3×3 filters with stride 1, and their gradients, with a quarter of the multiplications.
    /// Its rounding errors are larger than those of the direct sum: for inputs of mean 0 and variance 1 no element is
    /// off by more than 1e-5 of the largest result, where the direct sum stays below 2e-6. That is far below what
    /// training notices; a comparison with another program's figures may want the direct sum.
    public static func withoutWinograd<Result>(_ body: () throws -> Result) rethrows -> Result {
        let previous = allowsWinograd
        allowsWinograd = false
        defer { allowsWinograd = previous }
        return try body()
    }

    /// Whether kernels that this thread calls may use Winograd's algorithm.
    static var allowsWinograd: Bool {
        get {
            let allowed = sb_set_winograd(1)
            _ = sb_set_winograd(allowed)
            return allowed != 0
        }
        set { _ = sb_set_winograd(newValue ? 1 : 0) }
    }

    /// What is wrong with the environment variables that choose the instruction set and the threads; empty if nothing.
    public static var environmentProblems: [InputError] {
        var problems: [InputError] = []
        switch sb_isa_request_problem() {
        case 1:
            problems.append(
                InputError(
                    "SWITCHBACK_ISA", "names no known instruction set",
                    remedy: "use \(String(cString: sb_isa_choices()))"))
        case 2:
            problems.append(
                InputError(
                    "SWITCHBACK_ISA", "names an instruction set that this processor lacks",
                    remedy: "the best it has is \(instructionSet)"))
        default: break
        }
        if sb_thread_request_problem() != 0 {
            problems.append(InputError("SWITCHBACK_THREADS", "is not a number from 1 to 256"))
        }
        return problems
    }
}
