import CLAPACKE
import Switchback

/// The element types that LAPACK computes in, and its routines for them (Anderson et al., "LAPACK users' guide", 1999).
/// Matrices are row-major and dense, and overwritten by what the routine computes. Each returns LAPACK's `info`: 0, or what
/// was found in the way.
protocol LAPACKNumber: Scalar, BinaryFloatingPoint {
    typealias Matrix = UnsafeMutablePointer<Self>

    /// The factors of an LU decomposition [n, n], and the rows that were exchanged, counted from 1.
    static func getrf(_ n: Int32, _ a: Matrix, _ pivots: UnsafeMutablePointer<Int32>) -> Int32
    /// The solutions [n, columns] of a system, in the place of its right sides.
    static func gesv(_ n: Int32, _ columns: Int32, _ a: Matrix, _ b: Matrix) -> Int32
    /// The lower Cholesky factor [n, n], below the diagonal and on it.
    static func potrf(_ n: Int32, _ a: Matrix) -> Int32
    /// The reflections of a QR decomposition [m, n], R above them, and their lengths [min(m, n)].
    static func geqrf(_ m: Int32, _ n: Int32, _ a: Matrix, _ lengths: Matrix) -> Int32
    /// Q [m, n] of reflections, m at least n.
    static func orgqr(_ m: Int32, _ n: Int32, _ a: Matrix, _ lengths: Matrix) -> Int32
    /// Singular values [k], left vectors [m, k] and right ones [k, n], k = min(m, n).
    static func gesdd(_ m: Int32, _ n: Int32, _ a: Matrix, _ s: Matrix, _ u: Matrix, _ vt: Matrix) -> Int32
    /// Eigenvalues [n] in ascending order, and eigenvectors as columns in the place of a symmetric matrix, of which the lower
    /// half is read.
    static func syevd(_ n: Int32, _ a: Matrix, _ values: Matrix) -> Int32
}

private let rowMajor = LAPACK_ROW_MAJOR

extension Double: LAPACKNumber {
    static func getrf(_ n: Int32, _ a: Matrix, _ pivots: UnsafeMutablePointer<Int32>) -> Int32 {
        LAPACKE_dgetrf(rowMajor, n, n, a, n, pivots)
    }

    static func gesv(_ n: Int32, _ columns: Int32, _ a: Matrix, _ b: Matrix) -> Int32 {
        withPivots(n) { LAPACKE_dgesv(rowMajor, n, columns, a, n, $0, b, columns) }
    }

    static func potrf(_ n: Int32, _ a: Matrix) -> Int32 { LAPACKE_dpotrf(rowMajor, lower, n, a, n) }

    static func geqrf(_ m: Int32, _ n: Int32, _ a: Matrix, _ lengths: Matrix) -> Int32 {
        LAPACKE_dgeqrf(rowMajor, m, n, a, n, lengths)
    }

    static func orgqr(_ m: Int32, _ n: Int32, _ a: Matrix, _ lengths: Matrix) -> Int32 {
        LAPACKE_dorgqr(rowMajor, m, n, n, a, n, lengths)
    }

    static func gesdd(_ m: Int32, _ n: Int32, _ a: Matrix, _ s: Matrix, _ u: Matrix, _ vt: Matrix) -> Int32 {
        LAPACKE_dgesdd(rowMajor, reduced, m, n, a, n, s, u, min(m, n), vt, n)
    }

    static func syevd(_ n: Int32, _ a: Matrix, _ values: Matrix) -> Int32 {
        LAPACKE_dsyevd(rowMajor, vectors, lower, n, a, n, values)
    }
}

extension Float: LAPACKNumber {
    static func getrf(_ n: Int32, _ a: Matrix, _ pivots: UnsafeMutablePointer<Int32>) -> Int32 {
        LAPACKE_sgetrf(rowMajor, n, n, a, n, pivots)
    }

    static func gesv(_ n: Int32, _ columns: Int32, _ a: Matrix, _ b: Matrix) -> Int32 {
        withPivots(n) { LAPACKE_sgesv(rowMajor, n, columns, a, n, $0, b, columns) }
    }

    static func potrf(_ n: Int32, _ a: Matrix) -> Int32 { LAPACKE_spotrf(rowMajor, lower, n, a, n) }

    static func geqrf(_ m: Int32, _ n: Int32, _ a: Matrix, _ lengths: Matrix) -> Int32 {
        LAPACKE_sgeqrf(rowMajor, m, n, a, n, lengths)
    }

    static func orgqr(_ m: Int32, _ n: Int32, _ a: Matrix, _ lengths: Matrix) -> Int32 {
        LAPACKE_sorgqr(rowMajor, m, n, n, a, n, lengths)
    }

    static func gesdd(_ m: Int32, _ n: Int32, _ a: Matrix, _ s: Matrix, _ u: Matrix, _ vt: Matrix) -> Int32 {
        LAPACKE_sgesdd(rowMajor, reduced, m, n, a, n, s, u, min(m, n), vt, n)
    }

    static func syevd(_ n: Int32, _ a: Matrix, _ values: Matrix) -> Int32 {
        LAPACKE_ssyevd(rowMajor, vectors, lower, n, a, n, values)
    }
}

private let lower = CChar(UInt8(ascii: "L"))
private let reduced = CChar(UInt8(ascii: "S"))
private let vectors = CChar(UInt8(ascii: "V"))

private func withPivots(_ n: Int32, _ body: (UnsafeMutablePointer<Int32>) -> Int32) -> Int32 {
    withUnsafeTemporaryAllocation(of: Int32.self, capacity: Int(max(n, 1))) { body($0.baseAddress!) }
}
