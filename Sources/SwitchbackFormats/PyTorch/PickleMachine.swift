/// Interprets a pickle, the little program in which Python stores objects, on data alone
/// (https://docs.python.org/3/library/pickletools.html).
///
/// Instructions that build numbers, texts, lists, tuples, dictionaries and sets do so. Those that would import or call
/// something reach `PickleCalls`, which knows a handful of names and runs nothing. The memory taken is a small multiple
/// of the pickle's length.
struct PickleMachine {
    typealias Problem = PickleReader.Problem

    private var reader: PickleReader
    private let calls: PickleCalls
    private(set) var heap = PickleHeap()
    private var stack: [PickleValue] = []
    /// Where each open mark lies in the stack.
    private var marks: [Int] = []
    private var memo: [Int: PickleValue] = [:]

    private init(_ bytes: [UInt8], _ calls: PickleCalls) {
        reader = PickleReader(bytes)
        self.calls = calls
    }

    /// The value of the pickle, the heap that it refers to, and how many bytes it took.
    static func run(
        _ bytes: [UInt8], _ calls: PickleCalls
    ) throws(Problem) -> (value: PickleValue, heap: PickleHeap, length: Int) {
        var machine = PickleMachine(bytes, calls)
        // An honest pickle spends a byte at least on every element; one that has the same list copied again and again
        // does not.
        let limit = 1024 + 4 * bytes.count
        while true {
            guard machine.heap.elementCount <= limit else {
                throw Problem(message: "it unfolds to far more than its \(bytes.count) bytes say")
            }
            let code = try machine.reader.byte()
            if code == UInt8(ascii: ".") { return (try machine.pop(), machine.heap, machine.reader.position) }
            try machine.step(code)
        }
    }

    private mutating func step(_ code: UInt8) throws(Problem) {
        if try pushConstant(code) { return }
        if try build(code) { return }
        if try remember(code) { return }
        if try call(code) { return }
        let name = code > 32 && code < 127 ? "'\(Character(UnicodeScalar(code)))'" : "\(code)"
        throw Problem(
            message: "it holds the instruction \(name) at byte \(reader.position - 1), which is not supported")
    }

    // MARK: Constants

    private mutating func pushConstant(_ code: UInt8) throws(Problem) -> Bool {
        if let value = try number(code) {
            stack.append(value)
        } else if let value = try text(code) {
            stack.append(value)
        } else {
            return false
        }
        return true
    }

    private mutating func number(_ code: UInt8) throws(Problem) -> PickleValue? {
        switch code {
        case UInt8(ascii: "N"): return PickleValue.none
        case 0x88: return .bool(true)
        case 0x89: return .bool(false)
        case UInt8(ascii: "J"): return .integer(Int(Int32(truncatingIfNeeded: try reader.unsigned(4))))
        case UInt8(ascii: "K"): return .integer(try reader.unsigned(1))
        case UInt8(ascii: "M"): return .integer(try reader.unsigned(2))
        case UInt8(ascii: "I"), UInt8(ascii: "L"): return try decimal(reader.line())
        case 0x8A: return .integer(try reader.long(try reader.unsigned(1)))
        case 0x8B: return .integer(try reader.long(try reader.unsigned(4)))
        case UInt8(ascii: "G"): return .number(try reader.double())
        case UInt8(ascii: "F"):
            guard let value = Double(try reader.line()) else { throw Problem(message: "a number is invalid") }
            return .number(value)
        default: return nil
        }
    }

    /// An integer as text; `00` and `01` are truth values.
    private func decimal(_ line: String) throws(Problem) -> PickleValue {
        if line == "00" || line == "01" { return .bool(line == "01") }
        guard let value = Int(line.hasSuffix("L") ? line.dropLast() : line[...]) else {
            throw Problem(message: "an integer is invalid, or has more than 64 bits")
        }
        return .integer(value)
    }

    private mutating func text(_ code: UInt8) throws(Problem) -> PickleValue? {
        switch code {
        case UInt8(ascii: "X"): return .text(try reader.countedText(4))
        case 0x8C: return .text(try reader.countedText(1))
        case 0x8D: return .text(try reader.countedText(8))
        case UInt8(ascii: "T"): return .text(try reader.countedText(4))
        case UInt8(ascii: "U"): return .text(try reader.countedText(1))
        case UInt8(ascii: "V"): return .text(try reader.line())
        case UInt8(ascii: "B"): return .bytes(try reader.counted(4))
        case UInt8(ascii: "C"): return .bytes(try reader.counted(1))
        case 0x8E, 0x96: return .bytes(try reader.counted(8))
        default: return nil
        }
    }

    // MARK: Containers

    private mutating func build(_ code: UInt8) throws(Problem) -> Bool {
        switch code {
        case UInt8(ascii: "("): marks.append(stack.count)
        case UInt8(ascii: "]"): push(.list([]))
        case UInt8(ascii: ")"): push(.tuple([]))
        case UInt8(ascii: "}"): push(.dictionary([]))
        case 0x8F: push(.set([]))
        case UInt8(ascii: "t"): push(.tuple(try popToMark()))
        case UInt8(ascii: "l"): push(.list(try popToMark()))
        case UInt8(ascii: "d"): push(.dictionary(try pairs(try popToMark())))
        case 0x91: push(.set(try popToMark()))
        case 0x85, 0x86, 0x87: push(.tuple(try pop(Int(code) - 0x84)))
        case UInt8(ascii: "a"): try extend(with: [try pop()])
        case UInt8(ascii: "e"), 0x90: try extend(with: try popToMark())
        case UInt8(ascii: "s"): try setItems(try pop(2))
        case UInt8(ascii: "u"): try setItems(try popToMark())
        default: return false
        }
        return true
    }

    private mutating func push(_ node: PickleNode) { stack.append(heap.add(node)) }

    private mutating func pop() throws(Problem) -> PickleValue {
        guard stack.count > (marks.last ?? 0), let value = stack.popLast() else {
            throw Problem(message: "an instruction finds nothing on the stack")
        }
        return value
    }

    private mutating func pop(_ count: Int) throws(Problem) -> [PickleValue] {
        guard stack.count - (marks.last ?? 0) >= count else {
            throw Problem(message: "an instruction finds too little on the stack")
        }
        defer { stack.removeLast(count) }
        return Array(stack.suffix(count))
    }

    private mutating func popToMark() throws(Problem) -> [PickleValue] {
        guard let mark = marks.popLast() else { throw Problem(message: "a mark is missing") }
        defer { stack.removeLast(stack.count - mark) }
        return Array(stack[mark...])
    }

    private func pairs(_ values: [PickleValue]) throws(Problem) -> [(key: PickleValue, value: PickleValue)] {
        guard values.count % 2 == 0 else { throw Problem(message: "a key of a dictionary has no value") }
        return stride(from: 0, to: values.count, by: 2).map { (values[$0], values[$0 + 1]) }
    }

    /// The container on top of the stack, taken out of the heap for the time of a change, so that it is not copied.
    private mutating func changeTop(_ change: (inout PickleNode) throws(Problem) -> Void) throws(Problem) {
        guard stack.count > (marks.last ?? 0), case .reference(let position)? = stack.last else {
            throw Problem(message: "something is added to what is not a container")
        }
        try heap.change(position, change)
    }

    private mutating func extend(with values: [PickleValue]) throws(Problem) {
        try changeTop { (node: inout PickleNode) throws(Problem) in
            switch node {
            case .list(var elements):
                node = .list([])
                elements += values
                node = .list(elements)
            case .set(var elements):
                node = .set([])
                elements += values
                node = .set(elements)
            // A class of its own that is also a list: what it holds is not kept.
            case .object: break
            default: throw Problem(message: "something is appended to what is not a list")
            }
        }
    }

    private mutating func setItems(_ values: [PickleValue]) throws(Problem) {
        let added = try pairs(values)
        try changeTop { (node: inout PickleNode) throws(Problem) in
            switch node {
            case .dictionary(var members):
                node = .dictionary([])
                members += added
                node = .dictionary(members)
            case .object: break
            default: throw Problem(message: "an item is set in what is not a dictionary")
            }
        }
    }

    // MARK: Stack and memo

    private mutating func remember(_ code: UInt8) throws(Problem) -> Bool {
        switch code {
        case 0x80:
            let version = try reader.byte()
            guard version <= 5 else {
                throw Problem(message: "it is of version \(version), and 5 is the latest supported")
            }
        case 0x95: _ = try reader.unsigned(8)
        case UInt8(ascii: "0"): _ = try pop()
        case UInt8(ascii: "1"): _ = try popToMark()
        case UInt8(ascii: "2"):
            let top = try pop()
            stack += [top, top]
        case UInt8(ascii: "p"): try save(Int(try reader.line()))
        case UInt8(ascii: "q"): try save(try reader.unsigned(1))
        case UInt8(ascii: "r"): try save(try reader.unsigned(4))
        case 0x94: try save(memo.count)
        case UInt8(ascii: "g"): try recall(Int(try reader.line()))
        case UInt8(ascii: "h"): try recall(try reader.unsigned(1))
        case UInt8(ascii: "j"): try recall(try reader.unsigned(4))
        default: return false
        }
        return true
    }

    private mutating func save(_ place: Int?) throws(Problem) {
        guard let place, stack.count > (marks.last ?? 0), let top = stack.last else {
            throw Problem(message: "there is nothing to memoize")
        }
        memo[place] = top
    }

    private mutating func recall(_ place: Int?) throws(Problem) {
        guard let place, let value = memo[place] else {
            throw Problem(message: "it refers to something that was not memoized")
        }
        stack.append(value)
    }

    // MARK: Names and calls

    private mutating func call(_ code: UInt8) throws(Problem) -> Bool {
        switch code {
        case UInt8(ascii: "c"): stack.append(.global("\(try reader.line()).\(try reader.line())"))
        case 0x93:
            let names = try pop(2)
            guard case .text(let module) = names[0], case .text(let name) = names[1] else {
                throw Problem(message: "the name of a class is not text")
            }
            stack.append(.global("\(module).\(name)"))
        case UInt8(ascii: "R"):
            let operands = try pop(2)
            stack.append(try calls.call(operands[0], operands[1], in: &heap))
        case 0x81:
            let operands = try pop(2)
            stack.append(try calls.make(operands[0], operands[1], in: &heap))
        case 0x92:
            let operands = try pop(3)
            stack.append(try calls.make(operands[0], operands[1], in: &heap))
        case UInt8(ascii: "b"):
            let state = try pop()
            try changeTop { (node: inout PickleNode) throws(Problem) in
                if case .object(let type, let arguments, _) = node {
                    node = .object(type: type, arguments: arguments, state: state)
                }
            }
        case UInt8(ascii: "Q"): stack.append(try calls.storage(try pop(), in: &heap))
        default: return false
        }
        return true
    }
}

extension PickleHeap {
    fileprivate mutating func change(
        _ position: Int, _ change: (inout PickleNode) throws(PickleReader.Problem) -> Void
    ) throws(PickleReader.Problem) { try change(&self[position]) }
}
