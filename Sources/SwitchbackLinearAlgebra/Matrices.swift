import Switchback

// How batches of matrices reach LAPACK, which reads them from the memory of the host, one after another.

extension Tensor {
    /// Stops unless this is a batch of matrices, [..., m, n], in a type that LAPACK knows.
    func requireMatrices(_ operation: String, square: Bool = false) {
        require(
            rank >= 2 && (dtype == .float32 || dtype == .float64), operation,
            "\(dtype) of shape \(shape); expected matrices [..., m, n] of float32 or float64")
        require(
            !square || shape[rank - 1] == shape[rank - 2], operation,
            "the matrices of shape \(shape) are not square")
    }

    var rows: Int { shape[rank - 2] }
    var columns: Int { shape[rank - 1] }
    /// The dimensions before those of the matrices.
    var batch: [Int] { Array(shape.dropLast(2)) }

    /// The arrays that a routine leaves for each matrix, put one behind another: as many as `sizes`, of so many elements a
    /// matrix. The first is given to the routine with the matrix in it.
    ///
    /// - Parameter problem: what a positive `info` of LAPACK says; the operation stops with it.
    func eachMatrix(
        _ operation: String, _ sizes: [Int], problem: (_ info: Int) -> String,
        _ routine: LAPACKRoutine
    ) -> [[Double]] {
        dtype == .float64
            ? results(operation, sizes, problem, routine.double)
            : results(operation, sizes, problem, routine.single).map { $0.map(Double.init) }
    }

    private func results<Number: LAPACKNumber>(
        _ operation: String, _ sizes: [Int], _ problem: (Int) -> String,
        _ routine: ([UnsafeMutablePointer<Number>]) -> Int32
    ) -> [[Number]] {
        let (source, size) = (toArray(as: Number.self), rows * columns)
        let count = batch.reduce(1, *)
        let buffers = sizes.map { UnsafeMutablePointer<Number>.allocate(capacity: Swift.max($0 * count, 1)) }
        defer { buffers.forEach { $0.deallocate() } }
        for (buffer, size) in zip(buffers, sizes) { buffer.initialize(repeating: 0, count: Swift.max(size * count, 1)) }
        for index in 0..<count {
            let matrices = zip(buffers, sizes).map { $0 + $1 * index }
            for element in 0..<size { matrices[0][element] = source[index * size + element] }
            if size == 0 { continue }
            let info = routine(matrices)
            // What LAPACKE refuses is counted down from 0: an argument that holds NaN, or where memory ended.
            require(info >= 0, operation, info > -1000 ? "an element is NaN" : "there is no memory for it")
            require(info == 0, operation, "\(problem(Int(info))), in matrix \(index) of shape \(shape)")
        }
        return zip(buffers, sizes).map { Array(UnsafeBufferPointer(start: $0, count: $1 * count)) }
    }

    /// A tensor of this one's type and memory.
    func made(_ elements: [Double], _ shape: [Int]) -> Tensor {
        Tensor(elements, shape: Shape(shape), dtype: dtype, like: self)
    }

    /// Vectors [..., n] as diagonal matrices' factors of columns: [..., 1, n].
    var acrossColumns: Tensor { unsqueeze(-2) }

    /// Ones on the diagonals, in the form of this batch of square matrices.
    var identities: Tensor { Tensor.eye(columns, dtype: dtype).to(backend).expand(to: shape) }
}

/// A routine of LAPACK in both of its types.
struct LAPACKRoutine {
    let single: ([UnsafeMutablePointer<Float>]) -> Int32
    let double: ([UnsafeMutablePointer<Double>]) -> Int32
}
