import Kernels

extension CPUBackend {
    public static func randomUniform(_ y: NDArray, seed: UInt64, offset: UInt64, low: Double, high: Double) {
        var target = y.kernelArray
        sb_random_uniform(seed, offset, low, high, &target)
    }

    public static func randomNormal(_ y: NDArray, seed: UInt64, offset: UInt64, mean: Double, standardDeviation: Double)
    {
        var target = y.kernelArray
        sb_random_normal(seed, offset, mean, standardDeviation, &target)
    }

    public static func randomIntegers(_ y: NDArray, seed: UInt64, offset: UInt64, low: Int64, high: Int64) {
        var target = y.kernelArray
        sb_random_integers(seed, offset, low, high, &target)
    }
}
