import Kernels

extension Initializer {
    /// A matrix with orthonormal rows or columns, whichever are fewer, times `gain` (Saxe, McClelland and Ganguli,
    /// "Exact solutions to the nonlinear dynamics of learning", 2014). Dimensions after the first count as columns. As
    /// `orthogonal_`.
    public static func orthogonal(gain: Double = 1) -> Initializer {
        Initializer { array, generator in
            require(array.rank >= 2, "Initializer.orthogonal", "a tensor of shape \(array.shape) is not a matrix")
            let rows = array.shape[0]
            let columns = array.count / max(rows, 1)
            let (count, length) = (min(rows, columns), max(rows, columns))
            let numbers = Tensor.randn([count, length], dtype: .float64, generator: generator).toArray(as: Double.self)
            let vectors = orthonormalized((0..<count).map { Array(numbers[$0 * length..<($0 + 1) * length]) })
            let elements = (0..<rows * columns).map { i -> Double in
                let (row, column) = (i / columns, i % columns)
                return gain * (rows <= columns ? vectors[row][column] : vectors[column][row])
            }
            let values = Tensor(elements, shape: array.shape, dtype: .float64)
            values.array.copy(into: array)
        }
    }

    /// Gram and Schmidt's process, twice for each vector, which makes rounding harmless.
    private static func orthonormalized(_ vectors: [[Double]]) -> [[Double]] {
        var done: [[Double]] = []
        for vector in vectors {
            var rest = vector
            for _ in 0..<2 {
                for unit in done {
                    let share = zip(rest, unit).reduce(0) { $0 + $1.0 * $1.1 }
                    for i in rest.indices { rest[i] -= share * unit[i] }
                }
            }
            let length = rest.reduce(0) { $0 + $1 * $1 }.squareRoot()
            done.append(rest.map { $0 / length })
        }
        return done
    }

    /// erf, for initializers that need it of single numbers.
    static func errorFunction(_ x: Double) -> Double { erf(x) }
}
