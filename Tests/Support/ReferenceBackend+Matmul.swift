import Switchback

extension ReferenceBackend {
    public static func matmul(_ a: NDArray, _ b: NDArray, into y: NDArray) {
        let (batch, m, n, k) = (y.shape[0], y.shape[1], y.shape[2], a.shape[2])
        if y.dtype.isFloatingPoint {
            y.store(products(a.doubles, b.doubles, batch, m, n, k, zero: 0) { $0 + $1 * $2 })
        } else {
            y.store(products(a.integers, b.integers, batch, m, n, k, zero: 0) { $0 &+ $1 &* $2 })
        }
    }

    private static func products<N>(
        _ a: [N], _ b: [N], _ batch: Int, _ m: Int, _ n: Int, _ k: Int, zero: N, _ accumulate: (N, N, N) -> N
    ) -> [N] {
        var result: [N] = []
        for matrix in 0..<batch {
            for row in 0..<m {
                for column in 0..<n {
                    result.append(
                        (0..<k).reduce(zero) { sum, i in
                            accumulate(sum, a[(matrix * m + row) * k + i], b[(matrix * k + i) * n + column])
                        })
                }
            }
        }
        return result
    }
}
