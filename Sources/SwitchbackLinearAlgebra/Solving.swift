import Foundation
import Switchback

// Systems of equations, inverses and determinants, by LU decomposition.

extension Tensor {
    /// The solutions X of A · X = B, where this tensor is A: [..., n, n] and [..., n, k], or [..., n] for one right side each;
    /// batch dimensions broadcast. As `torch.linalg.solve`. Stops where a matrix is singular.
    public final func solve(_ right: Tensor) -> Tensor {
        requireMatrices("solve", square: true)
        require(right.dtype == dtype, "solve", "the matrices are \(dtype) and the right sides \(right.dtype)")
        let isVector = right.rank == 1 || (right.rank == rank - 1 && right.shape.elementsEqual(shape.dropLast()))
        if isVector { return solve(right.unsqueeze(-1)).squeeze(-1) }
        require(
            right.rank >= 2 && right.rows == rows, "solve",
            "\(shape) and right sides of shape \(right.shape): they have \(rows) rows")
        guard let batch = Shape.broadcast(Shape(self.batch), Shape(right.batch)) else {
            fail("solve", "the batch dimensions of \(shape) and \(right.shape) do not broadcast to each other")
        }
        return expand(to: Shape(batch + [rows, rows])).solved(right.expand(to: Shape(batch + [rows, right.columns])))
    }

    private func solved(_ right: Tensor) -> Tensor {
        let (n, columns) = (Int32(rows), Int32(right.columns))
        let joined = Tensor.cat([detach(), right.detach()], dim: -1)
        let width = rows + right.columns
        func solve<Number: LAPACKNumber>(_ arrays: [UnsafeMutablePointer<Number>]) -> Int32 {
            // The matrix and its right sides lie side by side, and are taken apart for LAPACK.
            let (both, matrix, sides) = (arrays[0], arrays[1], arrays[2])
            for row in 0..<rows {
                for column in 0..<rows { matrix[row * rows + column] = both[row * width + column] }
                for column in 0..<right.columns {
                    sides[row * right.columns + column] = both[row * width + rows + column]
                }
            }
            return columns == 0 ? 0 : Number.gesv(n, columns, matrix, sides)
        }
        let found = joined.eachMatrix(
            "solve", [rows * width, rows * rows, rows * right.columns],
            problem: { "a matrix is singular: pivot \($0) is 0" }, LAPACKRoutine(single: solve, double: solve))
        let solution = made(found[2], Array(right.shape))
        return Tensor.record(
            "solve", solution.array, from: [self, right], saving: [self], savingOutput: true
        ) { saved, gradient in
            let right = saved.tensor(0).mT.solve(gradient)
            return [saved.needs(0) ? -(right.matmul(saved.output().mT)) : nil, right]
        }
    }

    /// The inverse of each matrix, [..., n, n]. Stops where one is singular; prefer `solve` to a product with it.
    public final func inverse() -> Tensor {
        requireMatrices("inverse", square: true)
        let value = detach().solve(identities)
        return Tensor.record("inverse", value.array, from: [self], savingOutput: true) { saved, gradient in
            let inverse = saved.output().mT
            return [-(inverse.matmul(gradient).matmul(inverse))]
        }
    }

    /// The determinant of each matrix: [..., n, n] → [...]. Its gradient is that of the adjugate where a matrix is singular,
    /// which cannot be differentiated again.
    public final func det() -> Tensor {
        requireMatrices("det", square: true)
        let (sign, logarithm) = decomposedDeterminant()
        let value = sign * logarithm.exp()
        return Tensor.record("det", value.array, from: [self], saving: [self], savingOutput: true) { saved, gradient in
            let (matrix, value) = (saved.tensor(0), saved.output())
            let upstream = gradient.unsqueeze(-1).unsqueeze(-1)
            if value.detach().eq(0).any().item(as: Bool.self) { return [upstream * matrix.detach().cofactors()] }
            return [upstream * value.unsqueeze(-1).unsqueeze(-1) * matrix.inverse().mT]
        }
    }

    /// The sign of each determinant, and the logarithm of its magnitude: [..., n, n] → [...], −∞ where a matrix is singular.
    public final func slogdet() -> (sign: Tensor, logarithm: Tensor) {
        requireMatrices("slogdet", square: true)
        let (sign, logarithm) = decomposedDeterminant()
        let recorded = Tensor.record("slogdet", logarithm.array, from: [self], saving: [self]) { saved, gradient in
            [gradient.unsqueeze(-1).unsqueeze(-1) * saved.tensor(0).inverse().mT]
        }
        return (sign, recorded)
    }

    private func decomposedDeterminant() -> (sign: Tensor, logarithm: Tensor) {
        let n = rows
        func decompose<Number: LAPACKNumber>(_ arrays: [UnsafeMutablePointer<Number>]) -> Int32 {
            var pivots = [Int32](repeating: 0, count: n)
            let info = Number.getrf(Int32(n), arrays[0], &pivots)
            var negative = pivots.enumerated().count { Int($1) != $0 + 1 } % 2 == 1
            var logarithm: Number = 0
            for i in 0..<n {
                let pivot = arrays[0][i * n + i]
                if pivot < 0 { negative.toggle() }
                logarithm += Number(Foundation.log(Double(pivot.magnitude)))
            }
            arrays[1][0] = info > 0 ? 0 : negative ? -1 : 1
            arrays[2][0] = info > 0 ? -.infinity : logarithm
            return Swift.min(info, 0)
        }
        let found = detach().eachMatrix(
            "det", [n * n, 1, 1], problem: { "LAPACK's getrf gave \($0)" },
            LAPACKRoutine(single: decompose, double: decompose))
        if n == 0 { return (made(found[1], batch) + 1, made(found[2], batch)) }
        return (made(found[1], batch), made(found[2], batch))
    }

    /// The derivative of the determinant by each element, also where that is 0: of U · S · Vᵀ it is
    /// det(U) · det(V) · U · D · Vᵀ, with the product of the other singular values on the diagonal of D.
    private func cofactors() -> Tensor {
        let (u, s, vh) = svd()
        let others = s.acrossColumns.expand(to: shape).maskedFill(identities.ne(0), 1).prod(dim: -1)
        let turns = (u.det() * vh.det()).unsqueeze(-1).unsqueeze(-1)
        return turns * (u * others.acrossColumns).matmul(vh)
    }
}
