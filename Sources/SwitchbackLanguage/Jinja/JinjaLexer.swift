import Switchback

/// A word of a template.
struct JinjaToken {
    enum Kind: Equatable {
        /// Text between the tags.
        case data(String)
        case variableBegin, variableEnd
        case blockBegin, blockEnd
        case name(String)
        case string(String)
        case integer(Int)
        case number(Double)
        case sign(String)
        case end
    }

    let kind: Kind
    let line: Int
}

/// Cuts a template into words, as Jinja does with `trim_blocks` and `lstrip_blocks`: the end of the line behind a block
/// disappears, and so does the space before one that begins its line.
struct JinjaLexer {
    private let source: [Unicode.Scalar]
    private var position = 0
    private var line = 1
    private var tokens: [JinjaToken] = []
    /// Whether the last tag took the end of its line with it.
    private var isLineStart = true

    private init(_ text: String) {
        var source = Array(
            text.replacing("\r\n", with: "\n").replacing("\r", with: "\n").unicodeScalars)
        // One line end at the end of a template is not part of it.
        if source.last == "\n" { source.removeLast() }
        self.source = source
    }

    /// The words of a template, and an end.
    static func tokens(of text: String) throws -> [JinjaToken] {
        guard text.utf8.count <= JinjaBudget.source else { throw JinjaError("it has more than a million bytes") }
        var lexer = JinjaLexer(text)
        try lexer.run()
        return lexer.tokens + [JinjaToken(kind: .end, line: lexer.line)]
    }

    private enum Tag: String, CaseIterable {
        case block = "{%"
        case variable = "{{"
        case comment = "{#"

        var end: String {
            switch self {
            case .block: "%}"
            case .variable: "}}"
            case .comment: "#}"
            }
        }
    }

    private mutating func run() throws {
        while position < source.count {
            let start = position
            while position < source.count, tag(at: position) == nil { position += 1 }
            guard let tag = tag(at: position) else {
                add(source[start...])
                return
            }
            let text = Array(source[start..<position])
            position += 2
            let sign =
                position < source.count && "+-".unicodeScalars.contains(source[position]) ? source[position] : nil
            if sign != nil { position += 1 }
            let kept = textBefore(tag, text, sign)
            add(text[..<kept])
            line += text[kept...].count { $0 == "\n" }
            try read(tag)
        }
    }

    private func tag(at place: Int) -> Tag? {
        guard place + 1 < source.count, source[place] == "{" else { return nil }
        return Tag.allCases.first { $0.rawValue.unicodeScalars.last == source[place + 1] }
    }

    /// How much of the text before a tag is kept.
    private func textBefore(_ tag: Tag, _ text: [Unicode.Scalar], _ sign: Unicode.Scalar?) -> Int {
        if sign == "-" { return (text.lastIndex { !JinjaText.isSpace($0) } ?? -1) + 1 }
        if sign == "+" || tag == .variable { return text.count }
        let start = (text.lastIndex(of: "\n") ?? -1) + 1
        guard start > 0 || isLineStart, text[start...].allSatisfy(JinjaText.isSpace) else { return text.count }
        return start
    }

    private mutating func add(_ text: ArraySlice<Unicode.Scalar>) {
        guard !text.isEmpty else { return }
        tokens.append(JinjaToken(kind: .data(String(String.UnicodeScalarView(text))), line: line))
        line += text.count { $0 == "\n" }
    }

    private mutating func append(_ kind: JinjaToken.Kind) { tokens.append(JinjaToken(kind: kind, line: line)) }

    // MARK: Tags

    private mutating func read(_ tag: Tag) throws {
        switch tag {
        case .comment:
            guard let end = find("#}", from: position) else { throw JinjaError("a comment has no end", line: line) }
            let sign = end > position && "+-".unicodeScalars.contains(source[end - 1]) ? source[end - 1] : nil
            advance(to: end)
            endTag(tag, sign: sign)
        case .variable:
            append(.variableBegin)
            try readWords(until: tag)
            append(.variableEnd)
        case .block:
            append(.blockBegin)
            let first = tokens.count
            try readWords(until: tag)
            append(.blockEnd)
            if tokens.count == first + 2, tokens[first].kind == .name("raw") { try readRaw(first - 1) }
        }
    }

    /// Passes the end of a tag, and the space behind it that goes with it.
    private mutating func endTag(_ tag: Tag, sign: Unicode.Scalar? = nil) {
        advance(to: position + 2)
        let start = position
        if sign == "-" {
            var end = position
            while end < source.count, JinjaText.isSpace(source[end]) { end += 1 }
            advance(to: end)
        } else if sign != "+", tag != .variable, position < source.count, source[position] == "\n" {
            advance(to: position + 1)
        }
        isLineStart = position > start && source[position - 1] == "\n"
    }

    private mutating func advance(to end: Int) {
        line += source[position..<end].count { $0 == "\n" }
        position = end
    }

    private func find(_ text: String, from start: Int) -> Int? {
        let wanted = Array(text.unicodeScalars)
        guard start + wanted.count <= source.count else { return nil }
        return (start...source.count - wanted.count).first { source[$0..<$0 + wanted.count].elementsEqual(wanted) }
    }

    /// `{% raw %}`: everything up to `{% endraw %}` is text.
    private mutating func readRaw(_ first: Int) throws {
        tokens.removeSubrange(first...)
        var place = position
        while let start = find("{%", from: place) {
            var lexer = self
            lexer.position = start + 2
            let sign = lexer.position < source.count && source[lexer.position] == "-" ? source[lexer.position] : nil
            if sign != nil { lexer.position += 1 }
            lexer.tokens = []
            if (try? lexer.readWords(until: .block)) != nil, lexer.tokens.map(\.kind) == [.name("endraw")] {
                let text = Array(source[position..<start])
                add(text[..<textBefore(.block, text, sign)])
                (position, line, isLineStart) = (lexer.position, lexer.line, lexer.isLineStart)
                return
            }
            place = start + 2
        }
        throw JinjaError("raw has no endraw", line: line)
    }

    // MARK: Words inside a tag

    private mutating func readWords(until tag: Tag) throws {
        var depth = 0
        while true {
            while position < source.count, JinjaText.isSpace(source[position]) { advance(to: position + 1) }
            guard position < source.count else {
                throw JinjaError("a tag has no end: \(tag.end) is missing", line: line)
            }
            // A brace that is open can be closed beside the end of a tag.
            if depth == 0, let sign = endSign(tag) {
                if sign != nil { position += 1 }
                endTag(tag, sign: sign)
                return
            }
            let scalar = source[position]
            if scalar == "_" || scalar.properties.isXIDStart {
                readName()
            } else if ("0"..."9").contains(scalar) {
                try readNumber()
            } else if scalar == "'" || scalar == "\"" {
                try readString(scalar)
            } else {
                depth += try readSign()
            }
        }
    }

    /// The sign before the end of a tag, where one stands here: `.some(nil)` is an end without one.
    private func endSign(_ tag: Tag) -> Unicode.Scalar?? {
        let end = Array(tag.end.unicodeScalars)
        func ends(at place: Int) -> Bool {
            place + 2 <= source.count && source[place..<place + 2].elementsEqual(end)
        }
        if ends(at: position) { return .some(nil) }
        let sign = source[position]
        guard sign == "-" || (sign == "+" && tag == .block), ends(at: position + 1) else { return nil }
        return .some(sign)
    }

    private mutating func readName() {
        let start = position
        while position < source.count, source[position].properties.isXIDContinue { position += 1 }
        append(.name(String(String.UnicodeScalarView(source[start..<position]))))
    }

    private mutating func readNumber() throws {
        let start = position
        func isDigit(_ place: Int) -> Bool { place < source.count && ("0"..."9").contains(source[place]) }
        var isWhole = true
        while isDigit(position) || (position < source.count && source[position] == "_") { position += 1 }
        if position < source.count, source[position] == ".", isDigit(position + 1) {
            isWhole = false
            position += 1
            while isDigit(position) { position += 1 }
        }
        let hasSign = position + 1 < source.count && "+-".unicodeScalars.contains(source[position + 1])
        if position < source.count, source[position] == "e" || source[position] == "E",
            isDigit(position + (hasSign ? 2 : 1))
        {
            isWhole = false
            position += hasSign ? 2 : 1
            while isDigit(position) { position += 1 }
        }
        let text = String(String.UnicodeScalarView(source[start..<position])).replacing("_", with: "")
        if isWhole, let value = Int(text) {
            append(.integer(value))
        } else if let value = Double(text), value.isFinite {
            append(.number(value))
        } else {
            throw JinjaError("the number \(text.shortened) is too large", line: line)
        }
    }

    private mutating func readString(_ quote: Unicode.Scalar) throws {
        let start = position + 1
        var end = start
        while end < source.count, source[end] != quote { end += source[end] == "\\" ? 2 : 1 }
        guard end < source.count else { throw JinjaError("a text has no end: \(quote) is missing", line: line) }
        append(.string(JinjaEscapes.decoded(source[start..<end])))
        advance(to: end + 1)
    }

    /// Reads a sign; returns by how much it changes the depth of brackets.
    private mutating func readSign() throws -> Int {
        let pair = String(String.UnicodeScalarView(source[position..<min(position + 2, source.count)]))
        let found = JinjaLexer.pairs.contains(pair) ? pair : String(Character(source[position]))
        guard JinjaLexer.pairs.contains(pair) || JinjaLexer.signs.contains(source[position]) else {
            throw JinjaError("the sign \(found) has no meaning here", line: line)
        }
        append(.sign(found))
        position += found.unicodeScalars.count
        return "([{".contains(found) ? 1 : ")]}".contains(found) ? -1 : 0
    }

    private static let pairs: Set<String> = ["//", "**", "==", "!=", ">=", "<="]
    private static let signs = Set("+-/*%~[](){}><=.:|,;".unicodeScalars)
}
