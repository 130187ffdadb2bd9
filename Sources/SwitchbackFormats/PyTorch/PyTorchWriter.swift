import Switchback

extension PyTorch {
    /// Writes tensors by name as `torch.save(state_dict, path)` does, so that `torch.load(path, weights_only=True)` gives them
    /// back. The file appears whole or not at all.
    ///
    /// ```swift
    /// try PyTorch.save(model.stateDict(), to: "model.pt")
    /// ```
    ///
    /// Tensors are written in row-major order, each with memory of its own.
    public static func save(_ tensors: [String: Tensor], to path: String) throws {
        let sorted = tensors.sorted { $0.key < $1.key }.map { (name: $0.key, tensor: $0.value.detach().contiguous()) }
        var pickle = PickleWriter()
        pickle.stateDict(sorted.map { ($0.name, $0.tensor) })
        try AtomicFile.write(to: path) { file in
            var writer = ZipWriter(file, path: path)
            func add(_ name: String, _ bytes: [UInt8]) throws {
                try bytes.withUnsafeBytes { try writer.add("archive/\(name)", [$0]) }
            }
            try add("data.pkl", pickle.bytes)
            try add("byteorder", Array("little".utf8))
            for (index, entry) in sorted.enumerated() {
                try entry.tensor.array.withHostBytes { try writer.add("archive/data/\(index)", [$0]) }
            }
            try add("version", Array("3\n".utf8))
            try writer.finish()
        }
    }
}

/// Writes the pickle of a state dictionary, in version 2 of the protocol, which PyTorch writes too.
private struct PickleWriter {
    private(set) var bytes: [UInt8] = [0x80, 2]

    mutating func stateDict(_ tensors: [(name: String, tensor: Tensor)]) {
        emptyOrderedDict()
        code("(")
        for (index, entry) in tensors.enumerated() {
            text(entry.name)
            tensor(entry.tensor, key: "\(index)")
        }
        code("u")
        code(".")
    }

    /// `torch._utils._rebuild_tensor_v2(storage, offset, sizes, strides, requires_grad, hooks)`.
    private mutating func tensor(_ tensor: Tensor, key: String) {
        global("torch._utils", "_rebuild_tensor_v2")
        code("(")
        code("(")
        text("storage")
        global("torch", tensor.dtype.storageName)
        text(key)
        text("cpu")
        integer(tensor.count)
        code("t")
        code("Q")
        integer(0)
        tuple(tensor.shape)
        tuple(tensor.shape.contiguousStrides)
        bytes.append(0x89)
        emptyOrderedDict()
        code("t")
        code("R")
    }

    private mutating func emptyOrderedDict() {
        global("collections", "OrderedDict")
        code(")")
        code("R")
    }

    private mutating func tuple(_ numbers: Shape) {
        code("(")
        for number in numbers { integer(number) }
        code("t")
    }

    private mutating func code(_ instruction: Unicode.Scalar) { bytes.append(UInt8(ascii: instruction)) }

    private mutating func global(_ module: String, _ name: String) {
        code("c")
        bytes += "\(module)\n\(name)\n".utf8
    }

    private mutating func text(_ text: String) {
        code("X")
        word(UInt32(text.utf8.count))
        bytes += text.utf8
    }

    private mutating func integer(_ number: Int) {
        if let small = Int32(exactly: number) {
            code("J")
            word(UInt32(bitPattern: small))
        } else {
            bytes += [0x8A, 8]
            word(UInt64(bitPattern: Int64(number)))
        }
    }

    private mutating func word<Word: FixedWidthInteger>(_ word: Word) {
        withUnsafeBytes(of: word.littleEndian) { bytes += $0 }
    }
}

extension DType {
    /// What PyTorch calls the memory of such elements.
    fileprivate var storageName: String {
        switch self {
        case .float32: "FloatStorage"
        case .float64: "DoubleStorage"
        case .float16: "HalfStorage"
        case .bfloat16: "BFloat16Storage"
        case .int64: "LongStorage"
        case .int32: "IntStorage"
        case .uint8: "ByteStorage"
        case .bool: "BoolStorage"
        case .complex64: "ComplexFloatStorage"
        case .complex128: "ComplexDoubleStorage"
        }
    }
}
