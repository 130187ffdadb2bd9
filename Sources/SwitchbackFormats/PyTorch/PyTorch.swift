import Switchback

/// Reads and writes the files of PyTorch's `torch.save`: `.pt`, `.pth`.
///
/// ```swift
/// try model.load(stateDict: PyTorch.stateDict("model.pt"))
/// ```
///
/// Such a file holds a pickle, which in Python can run any program. Here nothing is run: names that checkpoints need
/// have a fixed meaning, and all others are refused, or stand in records without effect.
public enum PyTorch {
    /// How to treat objects whose class is not allowed in checkpoints.
    public enum Objects: Sendable {
        /// The file is refused with the name of the class.
        case refused
        /// They are read as `Value.object`: class, arguments and state, without any effect.
        case records
    }

    /// The contents of a file, in Python's terms.
    public indirect enum Value {
        case none
        case bool(Bool)
        case integer(Int)
        case number(Double)
        case text(String)
        case bytes([UInt8])
        /// A list, a tuple or a set.
        case list([Value])
        /// In the order of insertion.
        case dictionary([(key: Value, value: Value)])
        case tensor(Tensor)
        /// An element type or a class itself, by its full name.
        case name(String)
        case object(type: String, arguments: Value, state: Value)

        /// The value under a text as key, of a dictionary or of an object's state.
        public subscript(key: String) -> Value? {
            switch self {
            case .dictionary(let members):
                members.last { if case .text(key) = $0.key { true } else { false } }?.value
            case .object(_, _, let state): state[key]
            default: nil
            }
        }
    }

    /// Everything in a file. Tensors lie where the file is mapped into memory, and share it as they did in Python; 8-
    /// and 16-bit integers are widened to int32, `uint32` to int64.
    ///
    /// Throws `InputError` if the file is damaged, or asks for something unknown.
    public static func load(_ path: String, objects: Objects = .refused) throws -> Value {
        let archive = try PyTorchArchive(path)
        let (root, heap) = try contents(archive, objects)
        var converter = PickleConverter(heap: heap, archive: archive)
        return try converter.value(root, place: "data.pkl", depth: 0)
    }

    /// The tensors of a model by name, ready for `Module.load(stateDict:)`.
    ///
    /// They are looked for in the file itself, or in what it keeps under `state_dict`, `model_state_dict`, `model`,
    /// `ema`, `net` or `module`. Where the file holds a whole model as Python objects, as those of Ultralytics do, the
    /// tensors are drawn out of its modules' parameters and buffers.
    ///
    /// - Parameter key: the entry of the file's dictionary to look into, where several would do.
    public static func stateDict(_ path: String, key: String? = nil) throws -> [String: Tensor] {
        let archive = try PyTorchArchive(path)
        let (root, heap) = try contents(archive, .records)
        let search = StateDictSearch(heap: heap, path: path)
        let found = try search.tensors(in: root, key: key)
        var tensors: [String: Tensor] = [:]
        for (name, record) in found { tensors[name] = try archive.tensor(record, place: "tensor \(name)") }
        return tensors
    }

    private static func contents(
        _ archive: PyTorchArchive, _ objects: Objects
    ) throws -> (value: PickleValue, heap: PickleHeap) {
        let pickle = try archive.pickle()
        do {
            let found = try PickleMachine.run(pickle, PickleCalls(readsObjects: objects == .records))
            return (found.value, found.heap)
        } catch {
            throw InputError(archive.path, at: "data.pkl", error.message, remedy: error.remedy)
        }
    }
}

/// Turns what a pickle describes into values of Swift, each node once.
private struct PickleConverter {
    let heap: PickleHeap
    let archive: PyTorchArchive
    private var known: [Int: PyTorch.Value] = [:]

    private static let deepest = 200

    init(heap: PickleHeap, archive: PyTorchArchive) { (self.heap, self.archive) = (heap, archive) }

    mutating func value(_ value: PickleValue, place: String, depth: Int) throws -> PyTorch.Value {
        switch value {
        case .none: return .none
        case .bool(let value): return .bool(value)
        case .integer(let value): return .integer(value)
        case .number(let value): return .number(value)
        case .text(let value): return .text(value)
        case .bytes(let value): return .bytes(value)
        case .global(let name): return .name(name)
        case .reference(let position):
            if let known = known[position] { return known }
            guard depth < Self.deepest else {
                throw InputError(
                    archive.path, at: place, "it is nested more than \(Self.deepest) levels deep, or holds itself")
            }
            let result = try node(heap[position], place, depth + 1)
            known[position] = result
            return result
        }
    }

    private mutating func node(_ node: PickleNode, _ place: String, _ depth: Int) throws -> PyTorch.Value {
        switch node {
        case .list(let elements), .tuple(let elements), .set(let elements):
            return .list(try elements.enumerated().map { try value($1, place: "\(place)[\($0)]", depth: depth) })
        case .dictionary(let members):
            return .dictionary(
                try members.map { key, member in
                    let inner = if case .text(let text) = key { "\(place).\(text)" } else { place }
                    return (
                        try value(key, place: inner, depth: depth), try value(member, place: inner, depth: depth)
                    )
                })
        case .storage(let storage): return .name(storage.type)
        case .tensor(let record): return .tensor(try archive.tensor(record, place: place))
        case .object(let type, let arguments, let state):
            return .object(
                type: type, arguments: try value(arguments, place: place, depth: depth),
                state: try value(state, place: place, depth: depth))
        }
    }
}
