import Kernels

extension CPUBackend {
    public static func scan(_ scan: Scan, _ x: NDArray, dim: Int, into y: NDArray) {
        var source = x.kernelArray
        var target = y.kernelArray
        sb_scan(scan.code, &source, Int32(dim), &target)
    }

    public static func sort(_ x: NDArray, dim: Int, descending: Bool, values: NDArray, indices: NDArray) {
        var source = x.kernelArray
        var sorted = values.kernelArray
        var positions = indices.kernelArray
        sb_sort(&source, Int32(dim), descending ? 1 : 0, &sorted, &positions)
    }

    public static func topK(_ x: NDArray, dim: Int, largest: Bool, values: NDArray, indices: NDArray) {
        var source = x.kernelArray
        var extremes = values.kernelArray
        var positions = indices.kernelArray
        sb_top_k(&source, Int32(dim), values.shape[dim], largest ? 1 : 0, &extremes, &positions)
    }
}

extension Scan {
    fileprivate var code: sb_scan_op {
        switch self {
        case .sum: SB_SCAN_SUM
        case .product: SB_SCAN_PROD
        case .maximum: SB_SCAN_MAX
        case .minimum: SB_SCAN_MIN
        }
    }
}
