import Switchback

/// Tells the text of an answer from the functions that it calls, while it is being written.
///
/// Text is given out as soon as it cannot be the beginning of a call. A call begins with its name, when that is one of those
/// that were offered and the arguments begin; these come piece by piece, as the model writes them.
public struct ToolCallReader: Sendable {
    /// A piece of an answer.
    public enum Part: Sendable, Equatable {
        case text(String)
        /// A call begins: of the function with this name.
        case call(String)
        /// More of the arguments of the call that began last.
        case arguments(String)
    }

    private enum State {
        /// Text, in which a call can begin.
        case text
        /// A call, if what comes is one: `opening` is what came before its object.
        case head(opening: [UInt8])
        /// Arguments, up to the end of their object.
        case arguments(JSONNesting)
        /// What a call's object has behind the arguments.
        case tail(JSONNesting)
        /// Behind a call.
        case closing
        /// Text to the end.
        case plain
    }

    private let form: ToolCallForm
    private let functions: [String]
    private let allowsSeveral: Bool
    private var state: State
    /// What came and was not understood yet.
    private var rest: [UInt8] = []
    /// Space that is text only if more text follows it, or no call.
    private var space = ""
    private var hasText = false
    private var calls = 0

    /// - Parameters:
    ///   - functions: the names of those that were offered.
    ///   - allowsSeveral: whether more calls than the first are told.
    public init(_ form: ToolCallForm, functions: [String], allowsSeveral: Bool = true) {
        (self.form, self.functions, self.allowsSeveral) = (form, functions, allowsSeveral)
        state = .text
    }

    /// What is known after a further piece of the answer.
    public mutating func append(_ piece: String) -> [Part] {
        rest += piece.utf8
        var parts: [Part] = []
        while step(&parts) {}
        return parts
    }

    /// What is left, once no more comes: an object that did not become a call is text.
    public mutating func finish() -> [Part] {
        var parts: [Part] = []
        if case .head(let opening) = state { rest = opening + rest }
        give(rest[...], &parts)
        rest = []
        if calls == 0, !space.isEmpty { parts.append(.text(space)) }
        space = ""
        return parts
    }

    // MARK: Steps

    /// Understands a part of `rest`; `false` where more has to come first.
    private mutating func step(_ parts: inout [Part]) -> Bool {
        if rest.isEmpty { return false }
        switch state {
        case .text: return form == .tagged ? findTag(&parts) : findObject(&parts)
        case .head(let opening): return readHead(opening, &parts)
        case .arguments(var nesting):
            let end = nesting.end(in: rest)
            if isTold { parts.append(.arguments(String(decoding: rest[..<(end ?? rest.count)], as: UTF8.self))) }
            rest.removeFirst(end ?? rest.count)
            state = end == nil ? .arguments(nesting) : .tail(JSONNesting(depth: 1))
            return end != nil
        case .tail(var nesting):
            let end = nesting.end(in: rest)
            rest.removeFirst(end ?? rest.count)
            state = end == nil ? .tail(nesting) : .closing
            return end != nil
        case .closing: return readClosing()
        case .plain:
            give(rest[...], &parts)
            rest = []
            return false
        }
    }

    private static let tag = Array("<tool_call>".utf8)
    private static let endTag = Array("</tool_call>".utf8)
    /// A special token in most models, which is no text.
    private static let listMark = Array("[TOOL_CALLS]".utf8)

    /// Text up to a tag; what may be the beginning of one waits.
    private mutating func findTag(_ parts: inout [Part]) -> Bool {
        let tag = ToolCallReader.tag
        let start = rest.indices.first { tag.starts(with: rest[$0...].prefix(tag.count)) } ?? rest.count
        give(rest[..<start], &parts)
        let isWhole = rest.count - start >= tag.count
        rest.removeFirst(isWhole ? start + tag.count : start)
        if isWhole { state = .head(opening: tag) }
        return isWhole
    }

    /// An answer that begins with an object, or a list with one, may be a call; any other is text.
    private mutating func findObject(_ parts: inout [Part]) -> Bool {
        var place = 0
        func isOver() -> Bool {
            place = rest[place...].firstIndex { !$0.isSpace } ?? rest.count
            return place == rest.count
        }
        if isOver() { return false }
        if form == .list {
            let mark = ToolCallReader.listMark
            if rest[place...].starts(with: mark) {
                place += mark.count
            } else if mark.starts(with: rest[place...]) {
                return false
            }
            if isOver() { return false }
            guard rest[place] == UInt8(ascii: "[") else { return isPlain() }
            place += 1
            if isOver() { return false }
        }
        guard rest[place] == UInt8(ascii: "{") else { return isPlain() }
        state = .head(opening: Array(rest[..<place]))
        rest.removeFirst(place)
        return true
    }

    private mutating func isPlain() -> Bool {
        state = .plain
        return true
    }

    private mutating func readHead(_ opening: [UInt8], _ parts: inout [Part]) -> Bool {
        let start = rest.firstIndex { !$0.isSpace } ?? rest.count
        guard start < rest.count else { return false }
        switch ToolCallHead(rest[start...], functions, isMarked: form == .tagged) {
        case .unfinished: return false
        case .none:
            give(opening[...], &parts)
            state = form == .tagged ? .text : .plain
        case .arguments(let name, let place):
            begin(name, &parts)
            rest.removeFirst(place)
            state = .arguments(JSONNesting())
        case .whole(let call, let end):
            begin(call.name, &parts)
            if isTold { parts.append(.arguments(call.arguments)) }
            rest.removeFirst(end)
            state = .closing
        }
        return true
    }

    private mutating func begin(_ name: String, _ parts: inout [Part]) {
        calls += 1
        if isTold { parts.append(.call(name)) }
    }

    private var isTold: Bool { allowsSeveral || calls == 1 }

    /// What stands behind a call: the end of its tag, or a comma and the next one of a list.
    private mutating func readClosing() -> Bool {
        let start = rest.firstIndex { !$0.isSpace } ?? rest.count
        guard start < rest.count else { return false }
        switch form {
        case .tagged:
            let end = ToolCallReader.endTag
            if rest[start...].starts(with: end) {
                rest.removeFirst(start + end.count)
            } else if end.starts(with: rest[start...]) {
                return false
            }
            state = .text
        case .list where rest[start] == UInt8(ascii: ","):
            rest.removeFirst(start + 1)
            state = .head(opening: [UInt8(ascii: ",")])
        case .list where rest[start] == UInt8(ascii: "]"):
            rest.removeFirst(start + 1)
            state = .plain
        case .list, .object: state = .plain
        }
        return true
    }

    /// Gives out text, but for the space at its end, and at the beginning of what follows a call.
    private mutating func give(_ bytes: ArraySlice<UInt8>, _ parts: inout [Part]) {
        space += String(decoding: bytes, as: UTF8.self)
        guard let last = space.unicodeScalars.lastIndex(where: { !$0.properties.isWhitespace }) else { return }
        let scalars = space.unicodeScalars
        var text = scalars[...last]
        if calls > 0, !hasText { text = text.drop { $0.properties.isWhitespace } }
        parts.append(.text(String(text)))
        space = String(scalars[scalars.index(after: last)...])
        hasText = true
    }
}
