import CZlib
import Switchback

/// NumPy's files: `.npy`, one array, and `.npz`, an archive of named ones.
///
/// Element types that tensors do not have are widened: 8- and 16-bit integers to int32 (`uint8` stays), `uint32`
/// to int64. Arrays in Fortran order and big-endian ones are rearranged.
public enum NumPy {
    /// The array of an `.npy` file. Throws `InputError` if the file cannot be read or is not what its header says.
    public static func load(_ path: String) throws -> Tensor { try array(from: byteSource(path)) }

    /// The arrays of an `.npz` file by name. Throws `InputError` if the archive or an array in it is damaged.
    public static func loadArchive(_ path: String) throws -> [String: Tensor] {
        let archive = try ZipArchive(path)
        var arrays: [String: Tensor] = [:]
        for entry in archive.entries {
            let source = archive.source(of: entry)
            guard entry.name.hasSuffix(".npy") else {
                throw InputError(source.subject, "is not an array: names in an .npz archive end in .npy")
            }
            let name = String(entry.name.dropLast(4))
            guard arrays.updateValue(try array(from: source), forKey: name) == nil else {
                throw InputError(source.subject, "is in the archive twice")
            }
        }
        return arrays
    }

    /// Writes a tensor to an `.npy` file, which appears whole or not at all. bfloat16 is written as float32.
    public static func save(_ tensor: Tensor, to path: String) throws {
        try AtomicFile.write(to: path) { file in
            try withParts(of: tensor) { for part in $0 { try file.append(part) } }
        }
    }

    /// Writes tensors to an uncompressed `.npz` archive, which appears whole or not at all.
    public static func saveArchive(_ tensors: [String: Tensor], to path: String) throws {
        try AtomicFile.write(to: path) { file in
            var writer = ZipWriter(file, path: path)
            for (name, tensor) in tensors.sorted(by: { $0.key < $1.key }) {
                try withParts(of: tensor) { try writer.add("\(name).npy", $0) }
            }
            try writer.finish()
        }
    }

    private static func array(from source: any ByteSource) throws -> Tensor {
        let header = try NPYHeader(from: source)
        guard header.isFortranOrder else {
            let tensor = try header.format.tensor(header.shape, from: source)
            try source.expectEnd()
            return tensor
        }
        // In memory this is the row-major array of the transpose.
        let transposed = try header.format.tensor(Shape(header.shape.reversed()), from: source).array
        try source.expectEnd()
        let view = NDArray(
            storage: transposed.storage, offset: transposed.offset, shape: header.shape,
            strides: Shape(transposed.strides.reversed()), dtype: transposed.dtype)
        return Tensor(view.contiguous())
    }

    /// The header and the elements, as they stand in an `.npy` file.
    private static func withParts(of tensor: Tensor, _ body: ([UnsafeRawBufferPointer]) throws -> Void) throws {
        let array = tensor.array.cast(to: tensor.dtype == .bfloat16 ? .float32 : tensor.dtype)
        let header = NPYHeader.bytes(type: tensor.dtype.numPyType, shape: tensor.shape)
        try array.withHostBytes { elements in try header.withUnsafeBytes { try body([$0, elements]) } }
    }
}
