import Switchback

/// The GGUF format: what llama.cpp knows of a model, and its tensors, often in few bits
/// (https://github.com/ggml-org/ggml/blob/master/docs/gguf.md).
///
/// ```swift
/// let file = try GGUF("model.gguf")
/// let name = try file.metadata.string("general.architecture")
/// let table = try file.tensor("token_embd.weight")
/// ```
public struct GGUF {
    public let path: String
    /// What the file says of the model, by names such as `llama.context_length`.
    public let metadata: ConfigurationFields
    /// The names of the tensors, in the file's order.
    public let names: [String]
    private let entries: [String: GGUFHeader.Entry]
    private let file: MappedFile

    /// Reads what a file says of its tensors. Their bytes are mapped: they come from the disk when they are used.
    ///
    /// Throws `InputError` if the file cannot be read, or does not describe its contents truthfully.
    public init(_ path: String) throws {
        self.path = path
        file = try MappedFile(path)
        let header = try GGUFHeader(of: file)
        metadata = try ConfigurationFields(.object(header.metadata), path: path)
        names = header.entries.map(\.name)
        entries = Dictionary(header.entries.map { ($0.name, $0) }) { first, _ in first }
    }

    /// A tensor: float32, float16 or bfloat16 as they lie in the file, and float32 of what has fewer bits. A matrix is
    /// [outputs, inputs], as in PyTorch.
    ///
    /// Throws `InputError` if there is none of this name, or it is of a type that is not read here.
    public func tensor(_ name: String) throws -> Tensor {
        guard let entry = entries[name] else { throw InputError(path, at: "tensor \(name)", "it is missing") }
        guard let type = GGUFType(rawValue: entry.type) else {
            let names = GGUFType.allCases.map { "\($0)" }.joined(separator: ", ")
            throw InputError(path, at: "tensor \(name)", "its type \(entry.type) is not read here; \(names) are")
        }
        if let dtype = type.plain { return file.tensor(at: entry.start, shape: entry.shape, dtype: dtype) }
        let bytes = UnsafeRawBufferPointer(rebasing: file.bytes[entry.start..<entry.start + entry.byteCount])
        return Tensor(
            NDArray(shape: entry.shape, dtype: .float32) { memory in
                type.dequantize(bytes, into: memory.bindMemory(to: Float.self))
            })
    }

    /// The shape of a tensor; `nil` if there is none of this name.
    public func shape(of name: String) -> Shape? { entries[name]?.shape }
}
