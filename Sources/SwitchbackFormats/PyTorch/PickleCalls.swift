/// Handles calls in a pickle. Nothing is executed: a known name has a fixed meaning on data, and any other is refused
/// or becomes a record of the object that would have been created.
struct PickleCalls {
    typealias Problem = PickleReader.Problem

    /// Whether objects of unknown classes become records, or are refused.
    let readsObjects: Bool

    /// A function or class called with a tuple of arguments.
    func call(
        _ function: PickleValue, _ arguments: PickleValue, in heap: inout PickleHeap
    ) throws(Problem) -> PickleValue {
        guard case .global(let name) = function, let list = heap.elements(arguments) else {
            throw Problem(message: "it calls something that has no name")
        }
        switch name {
        case "torch._utils._rebuild_tensor_v2", "torch._utils._rebuild_tensor":
            return try tensor(list, dtype: nil, turns: list.count > 6 ? list[6] : .none, in: &heap)
        case "torch._utils._rebuild_tensor_v3":
            guard list.count > 6, case .global(let dtype) = list[6] else { throw malformed(name) }
            return try tensor(list, dtype: dtype, turns: list.count > 7 ? list[7] : .none, in: &heap)
        case "torch._utils._rebuild_parameter", "torch._utils._rebuild_parameter_with_state":
            guard let data = list.first else { throw malformed(name) }
            return data
        case "torch._tensor._rebuild_from_type_v2":
            guard list.count >= 3 else { throw malformed(name) }
            return try call(list[0], list[2], in: &heap)
        case "collections.OrderedDict", "builtins.dict", "__builtin__.dict":
            return heap.add(.dictionary(try members(list, in: heap)))
        case "collections.defaultdict": return heap.add(.dictionary([]))
        case "builtins.set", "__builtin__.set", "builtins.frozenset", "__builtin__.frozenset":
            return heap.add(.set(list.first.flatMap(heap.elements) ?? []))
        case "builtins.list", "__builtin__.list": return heap.add(.list(list.first.flatMap(heap.elements) ?? []))
        case "torch.Size", "builtins.tuple", "__builtin__.tuple":
            return heap.add(.tuple(list.first.flatMap(heap.elements) ?? []))
        case "copyreg._reconstructor", "copy_reg._reconstructor":
            guard let type = list.first else { throw malformed(name) }
            return try make(type, arguments, in: &heap)
        default: return try record(name, arguments, in: &heap)
        }
    }

    /// An object of a class, without its constructor.
    func make(
        _ type: PickleValue, _ arguments: PickleValue, in heap: inout PickleHeap
    ) throws(Problem) -> PickleValue {
        guard case .global(let name) = type else { throw Problem(message: "it makes an object of something unnamed") }
        if name == "collections.OrderedDict" { return heap.add(.dictionary([])) }
        return try record(name, arguments, in: &heap)
    }

    /// The functions that are not classes and may nevertheless stand in a record: they only wrap plain data.
    private static let harmless: Set = [
        "torch.device", "_codecs.encode", "numpy.core.multiarray.scalar", "numpy._core.multiarray.scalar",
        "numpy.core.multiarray._reconstruct", "numpy._core.multiarray._reconstruct", "numpy.dtype", "numpy.ndarray",
        "builtins.complex", "builtins.slice", "builtins.range", "builtins.bytearray", "builtins.object",
        "datetime.datetime", "datetime.date", "datetime.timedelta", "uuid.UUID", "functools.partial",
    ]

    private func record(
        _ name: String, _ arguments: PickleValue, in heap: inout PickleHeap
    ) throws(Problem) -> PickleValue {
        let own = name.split(separator: ".").last?.drop { $0 == "_" }
        let isClass = own?.first?.isUppercase ?? false
        guard name == "torch.device" || (readsObjects && (isClass || Self.harmless.contains(name))) else {
            throw Problem(
                message: "it asks for \(name), which checkpoints are not allowed to contain",
                remedy: isClass
                    ? "read it with objects: .records, or save model.state_dict() instead of the model"
                    : "nothing was run; if you trust the file, save model.state_dict() with PyTorch and read that")
        }
        return heap.add(.object(type: name, arguments: arguments, state: .none))
    }

    private func members(
        _ arguments: [PickleValue], in heap: PickleHeap
    ) throws(Problem) -> [(key: PickleValue, value: PickleValue)] {
        guard let argument = arguments.first else { return [] }
        if case .dictionary(let members)? = heap.node(argument) { return members }
        guard let pairs = heap.elements(argument)?.map({ heap.elements($0) ?? [] }), pairs.allSatisfy({ $0.count == 2 })
        else { throw malformed("dict") }
        return pairs.map { ($0[0], $0[1]) }
    }

    // MARK: Tensors

    /// What a persistent id stands for: `("storage", type, key, device, count)`.
    func storage(_ id: PickleValue, in heap: inout PickleHeap) throws(Problem) -> PickleValue {
        guard let fields = heap.elements(id), fields.count >= 5, fields[0] == .text("storage"),
            case .global(let type) = fields[1], case .text(let key) = fields[2]
        else { throw Problem(message: "a storage is not described as PyTorch does it") }
        guard fields.count == 5 || fields[5] == .none else {
            throw Problem(message: "a storage is a part of another one, as PyTorch before 0.4 wrote it")
        }
        return heap.add(.storage(PickleStorage(key: key, type: String(type.split(separator: ".").last ?? ""))))
    }

    private func tensor(
        _ arguments: [PickleValue], dtype: String?, turns: PickleValue, in heap: inout PickleHeap
    ) throws(Problem) -> PickleValue {
        func isTurned(_ name: String) -> Bool {
            guard case .dictionary(let members)? = heap.node(turns) else { return false }
            return members.contains { $0.key == .text(name) && $0.value == .bool(true) }
        }
        guard arguments.count >= 4, case .storage(let storage)? = heap.node(arguments[0]),
            case .integer(let offset) = arguments[1], let sizes = heap.integers(arguments[2]),
            let strides = heap.integers(arguments[3]), sizes.count == strides.count
        else { throw malformed("torch._utils._rebuild_tensor") }
        let type = dtype.map { String($0.split(separator: ".").last ?? "") }
        return heap.add(
            .tensor(
                PickleTensor(
                    storage: storage, dtype: type, offset: offset, sizes: sizes, strides: strides,
                    isConjugated: isTurned("conj"), isNegated: isTurned("neg"))))
    }

    private func malformed(_ name: String) -> Problem {
        Problem(message: "the arguments of \(name) are invalid")
    }
}
