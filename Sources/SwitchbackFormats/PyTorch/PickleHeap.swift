/// A value on the stack of a pickle: small ones as they are, others by their place in the heap.
///
/// Containers lie flat in one array and refer to each other by number, so that however deeply a hostile file nests
/// them, neither building nor freeing them recurs.
enum PickleValue: Hashable {
    case none
    case bool(Bool)
    case integer(Int)
    case number(Double)
    case text(String)
    case bytes([UInt8])
    /// A class or function, by module and name; it is never looked up, much less called.
    case global(String)
    case reference(Int)
}

/// The target of a reference.
enum PickleNode {
    case list([PickleValue])
    case tuple([PickleValue])
    case set([PickleValue])
    /// In the order of insertion.
    case dictionary([(key: PickleValue, value: PickleValue)])
    /// The memory of tensors, by its name in the archive.
    case storage(PickleStorage)
    case tensor(PickleTensor)
    /// An object of a class that is not known here: what it was made with, and its state.
    case object(type: String, arguments: PickleValue, state: PickleValue)
}

extension PickleNode {
    fileprivate var elementCount: Int {
        switch self {
        case .list(let elements), .tuple(let elements), .set(let elements): elements.count
        case .dictionary(let members): members.count
        case .tensor(let tensor): tensor.sizes.count
        case .storage, .object: 1
        }
    }
}

/// Where the elements of tensors lie.
struct PickleStorage: Hashable {
    /// The name of the archive's member, below `data/`.
    let key: String
    /// `FloatStorage`, or `UntypedStorage` where tensors say the type themselves.
    let type: String
}

/// A view of a storage.
struct PickleTensor: Hashable {
    let storage: PickleStorage
    /// `float32`, for untyped storages.
    let dtype: String?
    let offset: Int
    let sizes: [Int]
    let strides: [Int]
    /// Whether the tensor has the conjugates of what lies in memory, or the opposite numbers.
    let isConjugated, isNegated: Bool
}

/// The containers and objects of a pickle.
struct PickleHeap {
    private(set) var nodes: [PickleNode] = []
    /// How many elements the containers were made with.
    private(set) var elementCount = 0

    mutating func add(_ node: PickleNode) -> PickleValue {
        elementCount += node.elementCount
        nodes.append(node)
        return .reference(nodes.count - 1)
    }

    subscript(position: Int) -> PickleNode {
        get { nodes[position] }
        set { nodes[position] = newValue }
    }

    /// The node behind a value, if it is a reference.
    func node(_ value: PickleValue) -> PickleNode? {
        if case .reference(let position) = value { nodes[position] } else { nil }
    }

    /// The elements of a tuple or a list.
    func elements(_ value: PickleValue) -> [PickleValue]? {
        switch node(value) {
        case .tuple(let elements)?, .list(let elements)?: elements
        default: nil
        }
    }

    /// Integers in a tuple or a list.
    func integers(_ value: PickleValue) -> [Int]? {
        guard let elements = elements(value) else { return nil }
        let integers = elements.compactMap { if case .integer(let integer) = $0 { integer } else { nil } }
        return integers.count == elements.count ? integers : nil
    }
}
