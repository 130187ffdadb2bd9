import Switchback

/// Where a file of `torch.save` has its pickle, and the memory of the tensors.
protocol PyTorchContainer {
    func pickle() throws -> [UInt8]

    /// The elements of a storage, which a message calls `place`.
    func elements(_ key: String, _ kind: StoredType, _ place: String) throws -> NDArray
}

/// A file of `torch.save`, in the form of a .zip archive or the older one.
final class PyTorchArchive {
    let path: String
    private let container: any PyTorchContainer
    private var storages: [PickleStorage: NDArray] = [:]

    init(_ path: String) throws {
        self.path = path
        container = try LegacyPyTorchFile(path) ?? PyTorchZip(path)
    }

    func pickle() throws -> [UInt8] { try container.pickle() }

    // MARK: Tensors

    /// A tensor: a view of its storage, which several may share.
    func tensor(_ record: PickleTensor, place: String) throws -> Tensor {
        let memory = try storage(record.storage, dtype: record.dtype, place)
        guard record.sizes.count <= Shape.maximumRank, record.sizes.allSatisfy({ $0 >= 0 }) else {
            throw InputError(path, at: place, "the shape \(record.sizes) cannot be read")
        }
        let shape = Shape(record.sizes)
        guard shape.byteCount(elementSize: memory.dtype.byteCount) != nil,
            let last = Self.lastElement(record), record.offset >= 0, last < memory.count || shape.contains(0)
        else {
            throw InputError(
                path, at: place,
                "a tensor of shape \(record.sizes), strides \(record.strides) and offset \(record.offset) does not "
                    + "lie within its storage of \(memory.count) elements")
        }
        let offset = shape.contains(0) ? 0 : record.offset
        let strides = shape.contains(0) ? shape.contiguousStrides : Shape(record.strides)
        let tensor = Tensor(memory.seen(shape, strides: strides, movedBy: offset))
        return record.isNegated || record.isConjugated ? try turned(tensor, record, place) : tensor
    }

    /// A tensor whose numbers PyTorch has yet to turn round: `conj()`, and what is seen through it, change no memory there.
    private func turned(_ tensor: Tensor, _ record: PickleTensor, _ place: String) throws -> Tensor {
        if record.isConjugated && tensor.dtype.isComplex {
            let sign = record.isNegated ? -1.0 : 1.0
            return Tensor.complex(tensor.real * sign, tensor.imag * -sign)
        }
        guard !record.isConjugated, tensor.dtype != .bool else {
            throw InputError(path, at: place, "it is said to be turned round, which \(tensor.dtype) cannot be")
        }
        return tensor.dtype.isComplex ? Tensor.complex(-tensor.real, -tensor.imag) : -tensor
    }

    /// The position of the last element in its storage, unless that overflows or a stride is negative.
    private static func lastElement(_ record: PickleTensor) -> Int? {
        var last = record.offset
        for (size, stride) in zip(record.sizes, record.strides) {
            let (step, overflow) = Swift.max(size - 1, 0).multipliedReportingOverflow(by: stride)
            let (sum, sumOverflow) = last.addingReportingOverflow(step)
            guard stride >= 0, !overflow, !sumOverflow else { return nil }
            last = sum
        }
        return last
    }

    private func storage(_ record: PickleStorage, dtype: String?, _ place: String) throws -> NDArray {
        let type = record.type == "UntypedStorage" ? dtype ?? record.type : record.type
        let key = PickleStorage(key: record.key, type: type)
        if let known = storages[key] { return known }
        guard let kind = Self.kinds[type] else {
            throw InputError(path, at: place, "its element type is that of \(type), which cannot be read")
        }
        let array = try container.elements(record.key, kind, place)
        storages[key] = array
        return array
    }

    /// Element types by the names that storages and, in newer files, tensors have for them.
    static let kinds: [String: StoredType] = {
        let plain: [(String, String, DType)] = [
            ("FloatStorage", "float32", .float32), ("DoubleStorage", "float64", .float64),
            ("HalfStorage", "float16", .float16), ("BFloat16Storage", "bfloat16", .bfloat16),
            ("LongStorage", "int64", .int64), ("IntStorage", "int32", .int32), ("ByteStorage", "uint8", .uint8),
            ("BoolStorage", "bool", .bool), ("ComplexFloatStorage", "complex64", .complex64),
            ("ComplexDoubleStorage", "complex128", .complex128),
        ]
        let widened: [(String, String, ElementFormat.Kind)] = [
            ("ShortStorage", "int16", .int16), ("CharStorage", "int8", .int8), ("UInt16Storage", "uint16", .uint16),
            ("UInt32Storage", "uint32", .uint32), ("UInt64Storage", "uint64", .uint64),
            ("Float8_e4m3fnStorage", "float8_e4m3fn", .float8e4m3), ("Float8_e5m2Storage", "float8_e5m2", .float8e5m2),
        ]
        var kinds: [String: StoredType] = [:]
        for (storage, name, dtype) in plain {
            kinds[storage] = .plain(dtype)
            kinds[name] = .plain(dtype)
        }
        for (storage, name, kind) in widened {
            kinds[storage] = .widened(kind)
            kinds[name] = kinds[storage]
        }
        return kinds
    }()
}
