/// The names that have a value at a place of a template.
final class JinjaScope {
    private var values: [String: JinjaValue]
    private let outer: JinjaScope?

    init(_ values: [String: JinjaValue] = [:], in outer: JinjaScope? = nil) {
        self.values = values
        self.outer = outer
    }

    subscript(name: String) -> JinjaValue? {
        get { values[name] ?? outer?[name] }
        set { values[name] = newValue }
    }
}

/// A loop, as its body sees it under the name `loop`.
final class JinjaLoop {
    let values: [JinjaValue]
    let depth: Int
    /// The number of the present turn, counted from 0.
    var index = 0
    /// What `loop.changed` was last asked about.
    private var last: [JinjaValue]?
    /// Runs the loop's body on other values, in a loop that is `recursive`.
    let recurse: ((JinjaValue) throws -> JinjaValue)?

    init(_ values: [JinjaValue], depth: Int, recurse: ((JinjaValue) throws -> JinjaValue)?) {
        self.values = values
        self.depth = depth
        self.recurse = recurse
    }

    func member(_ name: String) -> JinjaValue? {
        switch name {
        case "index": .integer(index + 1)
        case "index0": .integer(index)
        case "revindex": .integer(values.count - index)
        case "revindex0": .integer(values.count - index - 1)
        case "first": .bool(index == 0)
        case "last": .bool(index == values.count - 1)
        case "length": .integer(values.count)
        case "depth": .integer(depth)
        case "depth0": .integer(depth - 1)
        case "previtem": index > 0 ? values[index - 1] : .undefined("loop.previtem")
        case "nextitem": index + 1 < values.count ? values[index + 1] : .undefined("loop.nextitem")
        case "cycle": .function(JinjaFunction("loop.cycle") { [self] _, arguments in try cycle(arguments) })
        case "changed": .function(JinjaFunction("loop.changed") { [self] _, arguments in .bool(changed(arguments)) })
        default: nil
        }
    }

    private func cycle(_ arguments: JinjaArguments) throws -> JinjaValue {
        guard !arguments.positional.isEmpty else { throw JinjaError("loop.cycle has nothing to choose from") }
        return arguments.positional[index % arguments.positional.count]
    }

    private func changed(_ arguments: JinjaArguments) -> Bool {
        defer { last = arguments.positional }
        guard let last, last.count == arguments.positional.count else { return true }
        return !zip(last, arguments.positional).allSatisfy { $0.equals($1) }
    }
}
