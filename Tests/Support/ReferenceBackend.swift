import Foundation
@_spi(Backends) import Switchback

/// The naive backend: plain loops over every element, in `Double` or `Int64`. It is the oracle of the fast kernels, and
/// it shows what a new backend must provide at least: every fused kernel is composed of the ones here.
public enum ReferenceBackend: Backend, HostMemory {
    public static let name = "reference"

    public static func allocate(byteCount: Int) -> Address {
        Address(UnsafeMutableRawPointer.allocate(byteCount: byteCount, alignment: 64))
    }

    public static func deallocate(_ address: Address, byteCount: Int) { address.pointer.deallocate() }

    /// It keeps no accounts.
    public static var statistics: MemoryStatistics { MemoryStatistics(live: 0, peak: 0) }
}

// MARK: - Elements, one by one

extension NDArray {
    /// Where each element is, counted in elements from `pointer`, in row-major order of the shape.
    var elementOffsets: [Int] {
        var offsets = [0]
        for dim in 0..<rank {
            offsets = offsets.flatMap { base in (0..<shape[dim]).map { base + $0 * strides[dim] } }
        }
        return offsets
    }

    /// The elements in row-major order; integers up to 2^53 exactly.
    var doubles: [Double] {
        dtype.isFloatingPoint ? elementOffsets.map { double(offset: $0) } : integers.map(Double.init)
    }

    /// The elements in row-major order, fractions cut off.
    var integers: [Int64] {
        elementOffsets.map { offset in
            switch dtype {
            case .int32: load(Int32.self, offset).int64Value
            case .int64: load(Int64.self, offset)
            case .uint8: load(UInt8.self, offset).int64Value
            case .bool: load(Bool.self, offset).int64Value
            default: double(offset: offset).int64Value
            }
        }
    }

    /// Writes the elements in row-major order, rounded to the array's type; integers keep their low bits.
    func store(_ values: [Double]) {
        for (offset, value) in zip(elementOffsets, values) {
            switch dtype {
            case .float32: save(Float(value), offset)
            case .float64: save(value, offset)
            case .float16: save(Float16(Float(value)), offset)
            case .bfloat16: save(BFloat16(Float(value)), offset)
            case .bool: save(value != 0, offset)
            case .int32: save(Int32(clamping: value.int64Value), offset)
            case .int64: save(value.int64Value, offset)
            case .uint8: save(UInt8(clamping: value.int64Value), offset)
            case .complex64, .complex128: preconditionFailure("complex numbers are moved as pairs")
            }
        }
    }

    func store(_ values: [Int64]) {
        guard !dtype.isFloatingPoint else { return store(values.map(Double.init)) }
        for (offset, value) in zip(elementOffsets, values) {
            switch dtype {
            case .int32: save(Int32(truncatingIfNeeded: value), offset)
            case .uint8: save(UInt8(truncatingIfNeeded: value), offset)
            case .bool: save(value != 0, offset)
            default: save(value, offset)
            }
        }
    }

    private func double(offset: Int) -> Double {
        switch dtype {
        case .float32: Double(load(Float.self, offset))
        case .float64: load(Double.self, offset)
        case .float16: Double(load(Float16.self, offset))
        case .bfloat16: load(BFloat16.self, offset).doubleValue
        default: 0
        }
    }

    private func load<S: Scalar>(_ type: S.Type, _ offset: Int) -> S {
        pointer.load(fromByteOffset: offset * MemoryLayout<S>.stride, as: S.self)
    }

    private func save<S: Scalar>(_ value: S, _ offset: Int) {
        (pointer + offset * MemoryLayout<S>.stride).storeBytes(of: value, as: S.self)
    }
}

// MARK: - One dimension at a time

extension NDArray {
    /// The positions, in row-major numbering, of the elements of each line along `dim`; a scalar is one line of one.
    func lines(along dim: Int) -> [[Int]] {
        if rank == 0 { return [[0]] }
        let length = shape[dim]
        let inner = shape[(dim + 1)...].reduce(1, *)
        let outer = shape[..<dim].reduce(1, *)
        return (0..<outer).flatMap { o in
            (0..<inner).map { i in (0..<length).map { (o * length + $0) * inner + i } }
        }
    }

    /// Groups the positions of the elements by the element of `result`, a shape with 1 where it is reduced.
    func groups(reducedTo result: Shape) -> [[Int]] {
        var groups = [[Int]](repeating: [], count: result.elementCount)
        var steps = result.contiguousStrides
        for dim in 0..<rank where result[dim] == 1 { steps[dim] = 0 }
        let expanded = NDArray(storage: storage, shape: shape, strides: steps, dtype: dtype)
        for (position, group) in expanded.elementOffsets.enumerated() { groups[group].append(position) }
        return groups
    }
}
