import Switchback

// Decompositions of matrices and their gradients (Giles, "Collected matrix derivative results for forward and reverse mode
// algorithmic differentiation", 2008; Walter and Lehmann, "Algorithmic differentiation of linear algebra functions", 2010).

extension Tensor {
    /// The lower triangular L with A = L · Lᵀ of each symmetric positive definite matrix, [..., n, n], of which the lower half is
    /// read. As `torch.linalg.cholesky`. Stops where a matrix is not positive definite.
    public final func cholesky() -> Tensor {
        requireMatrices("cholesky", square: true)
        let n = rows
        func decompose<Number: LAPACKNumber>(_ arrays: [UnsafeMutablePointer<Number>]) -> Int32 {
            Number.potrf(Int32(n), arrays[0])
        }
        let found = detach().eachMatrix(
            "cholesky", [n * n],
            problem: { "a matrix is not positive definite: its leading minor of order \($0) is not" },
            LAPACKRoutine(single: decompose, double: decompose))
        let factor = made(found[0], Array(shape)).tril()
        return Tensor.record("cholesky", factor.array, from: [self], savingOutput: true) { saved, gradient in
            let factor = saved.output()
            // L⁻ᵀ · Φ(Lᵀ · g) · L⁻¹, where Φ takes the lower half with half of the diagonal; made symmetric.
            let product = factor.mT.matmul(gradient.tril())
            let half = product.tril() - product * product.identities * 0.5
            let left = factor.mT.solve(half)
            let both = factor.mT.solve(left.mT)
            return [(both + both.mT) * 0.5]
        }
    }

    /// An orthonormal Q [..., m, k] and an upper triangular R [..., k, n] with A = Q · R, k = min(m, n), of each matrix
    /// [..., m, n]. As `torch.linalg.qr` in its reduced form.
    public final func qr() -> (q: Tensor, r: Tensor) {
        requireMatrices("qr")
        let (m, n) = (rows, columns)
        let k = Swift.min(m, n)
        func decompose<Number: LAPACKNumber>(_ arrays: [UnsafeMutablePointer<Number>]) -> Int32 {
            let info = Number.geqrf(Int32(m), Int32(n), arrays[0], arrays[2])
            for row in 0..<m {
                for column in 0..<k { arrays[1][row * k + column] = arrays[0][row * n + column] }
            }
            return info != 0 ? info : Number.orgqr(Int32(m), Int32(k), arrays[1], arrays[2])
        }
        let found = detach().eachMatrix(
            "qr", [m * n, m * k, k], problem: { "LAPACK's geqrf gave \($0)" },
            LAPACKRoutine(single: decompose, double: decompose))
        let q = made(found[1], batch + [m, k])
        let r = made(found[0], Array(shape)).narrow(dim: -2, start: 0, length: k).triu()
        let results = Tensor.record(
            "qr", [q.array, r.contiguous().array], from: [self], saving: [self], savingOutputs: true
        ) { saved, gradients in
            let (q, r) = (saved.output(0), saved.output(1))
            let (ofQ, ofR) = (gradients[0] ?? q.zerosLike(), gradients[1] ?? r.zerosLike())
            let width = r.columns - r.rows
            if width == 0 { return [Tensor.qrGradient(q, r, ofQ, ofR)] }
            // Of a wide matrix [X | Y], R is [U | Qᵀ · Y]: the gradient of Y is Q times that of its part, which adds to Q's.
            let (length, y) = (r.rows, saved.tensor(0).narrow(dim: -1, start: r.rows, length: width))
            let ofRest = ofR.narrow(dim: -1, start: length, length: width)
            let ofX = Tensor.qrGradient(
                q, r.narrow(dim: -1, start: 0, length: length), ofQ + y.matmul(ofRest.mT),
                ofR.narrow(dim: -1, start: 0, length: length))
            return [Tensor.cat([ofX, q.matmul(ofRest)], dim: -1)]
        }
        return (results[0], results[1])
    }

    /// (g_Q + Q · copyltu(R · g_Rᵀ − g_Qᵀ · Q)) · R⁻ᵀ, for a square R; copyltu copies the lower half to the upper one.
    private static func qrGradient(_ q: Tensor, _ r: Tensor, _ ofQ: Tensor, _ ofR: Tensor) -> Tensor {
        let inner = r.matmul(ofR.triu().mT) - ofQ.mT.matmul(q)
        let symmetric = inner.tril() + inner.tril(-1).mT
        return r.solve((ofQ + q.matmul(symmetric)).mT).mT
    }

    /// Left singular vectors U [..., m, k], singular values S [..., k] in descending order, and right vectors Vᵀ [..., k, n] with
    /// A = U · S · Vᵀ, k = min(m, n), of each matrix [..., m, n]. As `torch.linalg.svd(full_matrices=False)`.
    ///
    /// The gradient through the vectors is infinite where two singular values are equal or, unless the matrix is square, one
    /// is 0.
    public final func svd() -> (u: Tensor, s: Tensor, vh: Tensor) {
        requireMatrices("svd")
        requireFinite("svd")
        let (m, n) = (rows, columns)
        let k = Swift.min(m, n)
        func decompose<Number: LAPACKNumber>(_ arrays: [UnsafeMutablePointer<Number>]) -> Int32 {
            Number.gesdd(Int32(m), Int32(n), arrays[0], arrays[1], arrays[2], arrays[3])
        }
        let found = detach().eachMatrix(
            "svd", [m * n, k, m * k, k * n], problem: { "it did not converge, LAPACK's gesdd gave \($0)" },
            LAPACKRoutine(single: decompose, double: decompose))
        let (u, s, vh) = (
            made(found[2], batch + [m, k]), made(found[1], batch + [k]), made(found[3], batch + [k, n])
        )
        let results = Tensor.record(
            "svd", [u.array, s.array, vh.array], from: [self], savingOutputs: true
        ) { saved, gradients in
            [Tensor.svdGradient(saved.output(0), saved.output(1), saved.output(2), gradients)]
        }
        return (results[0], results[1], results[2])
    }

    private static func svdGradient(_ u: Tensor, _ s: Tensor, _ vh: Tensor, _ gradients: [Tensor?]) -> Tensor {
        let ofS = gradients[1] ?? s.zerosLike()
        if gradients[0] == nil && gradients[2] == nil { return (u * ofS.acrossColumns).matmul(vh) }
        let (ofU, ofVh) = (gradients[0] ?? u.zerosLike(), gradients[2] ?? vh.zerosLike())
        let squares = s.square()
        let gaps = squares.unsqueeze(-2) - squares.unsqueeze(-1)
        let identities = gaps.identities
        let distances = gaps + identities
        func turning(_ product: Tensor) -> Tensor { (product - product.mT) / distances }
        let inner =
            turning(u.mT.matmul(ofU)) * s.unsqueeze(-2) + turning(vh.matmul(ofVh.mT)) * s.unsqueeze(-1)
            + identities * ofS.unsqueeze(-2)
        var result = u.matmul(inner).matmul(vh)
        // What of the vectors' gradients lies outside of the space that they span.
        if u.rows > u.columns {
            result = result + ((ofU - u.matmul(u.mT.matmul(ofU))) / s.acrossColumns).matmul(vh)
        }
        if vh.columns > vh.rows {
            result = result + (u / s.acrossColumns).matmul(ofVh - ofVh.matmul(vh.mT).matmul(vh))
        }
        return result
    }

    /// The eigenvalues [..., n] in ascending order and the eigenvectors, as columns of [..., n, n], of each symmetric matrix
    /// [..., n, n], of which the lower half is read. As `torch.linalg.eigh`.
    ///
    /// The gradient through the vectors is infinite where two eigenvalues are equal.
    public final func eigh() -> (values: Tensor, vectors: Tensor) {
        requireMatrices("eigh", square: true)
        requireFinite("eigh")
        let n = rows
        func decompose<Number: LAPACKNumber>(_ arrays: [UnsafeMutablePointer<Number>]) -> Int32 {
            Number.syevd(Int32(n), arrays[0], arrays[1])
        }
        let found = detach().eachMatrix(
            "eigh", [n * n, n], problem: { "it did not converge, LAPACK's syevd gave \($0)" },
            LAPACKRoutine(single: decompose, double: decompose))
        let (values, vectors) = (made(found[1], batch + [n]), made(found[0], Array(shape)))
        let results = Tensor.record(
            "eigh", [values.array, vectors.array], from: [self], savingOutputs: true
        ) { saved, gradients in
            let (values, vectors) = (saved.output(0), saved.output(1))
            let ofValues = gradients[0] ?? values.zerosLike()
            guard let ofVectors = gradients[1] else {
                return [(vectors * ofValues.acrossColumns).matmul(vectors.mT)]
            }
            let gaps = values.unsqueeze(-2) - values.unsqueeze(-1)
            let identities = gaps.identities
            let turning = vectors.mT.matmul(ofVectors) / (gaps + identities) * (1 - identities)
            let inner = turning + identities * ofValues.unsqueeze(-2)
            return [vectors.matmul(inner).matmul(vectors.mT)]
        }
        return (results[0], results[1])
    }

    /// The pseudoinverse (Moore and Penrose) of each matrix, [..., m, n] → [..., n, m], by its singular values.
    ///
    /// - Parameter tolerance: the share of the largest singular value up to which others count as 0; the larger side times the
    ///   type's precision by default.
    public final func pseudoinverse(tolerance: Double? = nil) -> Tensor {
        let (u, s, vh) = svd()
        let precision = dtype == .float64 ? Double.ulpOfOne : Double(Float.ulpOfOne)
        let limit =
            s.detach().amax(dim: -1, keepDim: true) * (tolerance ?? Double(Swift.max(rows, columns)) * precision)
        let isZero = s.detach().le(limit)
        let inverses = s.maskedFill(isZero, 1).reciprocal().maskedFill(isZero, 0)
        return (vh.mT * inverses.acrossColumns).matmul(u.mT)
    }

    /// Iterations do not end on NaN.
    private func requireFinite(_ operation: String) {
        require(isfinite().all().item(as: Bool.self), operation, "an element is NaN or infinite")
    }
}
