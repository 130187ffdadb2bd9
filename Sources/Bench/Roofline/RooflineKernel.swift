import Switchback

/// A kernel at one shape: what it has to compute and to move, and how it is run.
struct RooflineKernel {
    /// The group of kernels: `matmul`, `convolution`.
    let family: String
    let name: String
    /// Floating-point operations, a multiplication and an addition counting as two.
    let operations: Double
    /// The bytes to read and write, each operand and result once.
    let bytes: Double
    let run: () -> Void

    /// Operations for each byte.
    var intensity: Double { operations / bytes }
}

/// A kernel that was timed against what the processor reaches at best.
struct RooflinePoint: Encodable {
    let family: String
    let kernel: String
    let milliseconds: Double
    let gigaflops: Double
    let gigabytesPerSecond: Double
    let intensity: Double
    /// What limits its speed: `compute` or `memory`.
    let bound: String
    /// The least time divided by the measured time.
    let share: Double

    init(_ kernel: RooflineKernel, seconds: Double, _ ceilings: ProcessorCeilings) {
        let computing = kernel.operations / (ceilings.gigaflops * 1e9)
        let moving = kernel.bytes / (ceilings.bandwidth * 1e9)
        family = kernel.family
        self.kernel = kernel.name
        milliseconds = seconds * 1e3
        gigaflops = kernel.operations / seconds / 1e9
        gigabytesPerSecond = kernel.bytes / seconds / 1e9
        intensity = kernel.intensity
        bound = computing > moving ? "compute" : "memory"
        share = max(computing, moving) / seconds
    }

    private enum CodingKeys: String, CodingKey {
        case family, kernel, milliseconds, gigaflops, intensity, bound, share
        case gigabytesPerSecond = "gigabytes_per_second"
    }
}
