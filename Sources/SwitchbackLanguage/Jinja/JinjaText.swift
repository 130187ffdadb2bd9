import Switchback

/// Text in a template, as Python has it: a sequence of code points, each of which knows where it comes from.
///
/// The origin decides two things once a conversation is rendered: what people wrote is never read as a special token,
/// and the answers are found that a model is to learn.
struct JinjaText: Sendable {
    /// Where a code point comes from.
    enum Origin: Equatable, Sendable {
        /// The template itself, and the tokens that the model's folder names.
        case template
        /// Tools, documents and other data that is no message.
        case data
        /// The contents of the message of a number.
        case message(Int)
    }

    /// Small, because a text has millions of them at worst.
    struct Element: Sendable {
        let scalar: Unicode.Scalar
        /// 0 for the template, −1 for data, and the messages from 1 on.
        private let source: Int32
        /// Whether it was written inside `{% generation %}`.
        var isGenerated = false

        init(scalar: Unicode.Scalar, origin: Origin, isGenerated: Bool = false) {
            self.scalar = scalar
            self.isGenerated = isGenerated
            source =
                switch origin {
                case .template: 0
                case .data: -1
                case .message(let number): Int32(clamping: number + 1)
                }
        }

        var origin: Origin { source == 0 ? .template : source < 0 ? .data : .message(Int(source) - 1) }
    }

    var elements: [Element]
    /// Whether `safe` or `escape` made it: what is added to it is escaped for HTML, which some templates do unwillingly.
    var isMarkup = false

    init(_ elements: some Sequence<Element>) { self.elements = Array(elements) }

    init(_ text: some StringProtocol, origin: Origin = .template) {
        elements = text.unicodeScalars.map { Element(scalar: $0, origin: origin) }
    }

    init() { elements = [] }

    var count: Int { elements.count }
    var isEmpty: Bool { elements.isEmpty }
    var string: String { String(String.UnicodeScalarView(scalars)) }
    var scalars: [Unicode.Scalar] { elements.map(\.scalar) }

    static func + (a: JinjaText, b: JinjaText) -> JinjaText { JinjaText(a.elements + b.elements) }
    static func += (a: inout JinjaText, b: JinjaText) { a.elements += b.elements }

    subscript(range: Range<Int>) -> JinjaText { JinjaText(elements[range]) }
}

extension JinjaText: Hashable {
    /// The same code points, wherever they come from.
    static func == (a: JinjaText, b: JinjaText) -> Bool {
        a.count == b.count && zip(a.elements, b.elements).allSatisfy { $0.scalar == $1.scalar }
    }

    func hash(into hasher: inout Hasher) {
        for element in elements { hasher.combine(element.scalar) }
    }

    static func < (a: JinjaText, b: JinjaText) -> Bool {
        a.elements.lexicographicallyPrecedes(b.elements) { $0.scalar < $1.scalar }
    }
}

// MARK: - Python's methods of strings that change or search a text

extension JinjaText {
    /// Python's idea of white space, which holds four control characters that Unicode's does not.
    static func isSpace(_ scalar: Unicode.Scalar) -> Bool {
        scalar.properties.isWhitespace || (0x1C...0x1F).contains(scalar.value)
    }

    /// Whether `other` stands at a place.
    func has(_ other: JinjaText, at place: Int) -> Bool {
        guard place >= 0, place + other.count <= count else { return false }
        return other.elements.indices.allSatisfy { elements[place + $0].scalar == other.elements[$0].scalar }
    }

    /// Where `other` begins first from a place on.
    func firstIndex(of other: JinjaText, from start: Int = 0) -> Int? {
        guard other.count <= count, start <= count - other.count else { return nil }
        return (start...count - other.count).first { has(other, at: $0) }
    }

    func lastIndex(of other: JinjaText) -> Int? {
        guard other.count <= count else { return nil }
        return (0...count - other.count).last { has(other, at: $0) }
    }

    /// The text without what is stripped at its ends.
    func stripped(start: Bool = true, end: Bool = true, _ isStripped: (Unicode.Scalar) -> Bool = isSpace) -> JinjaText {
        var range = elements[...]
        if start { range = range.drop { isStripped($0.scalar) } }
        if end { while let last = range.last, isStripped(last.scalar) { range.removeLast() } }
        return JinjaText(range)
    }

    /// The parts between separators; at most `limit` cuts, from the front or the end.
    func split(by separator: JinjaText, limit: Int = .max, fromEnd: Bool = false) -> [JinjaText] {
        var cuts: [Int] = []
        var place = fromEnd ? count - separator.count : 0
        while cuts.count < limit, place >= 0, place + separator.count <= count {
            let isCut = has(separator, at: place)
            if isCut { cuts.append(place) }
            place += (isCut ? separator.count : 1) * (fromEnd ? -1 : 1)
        }
        var parts: [JinjaText] = []
        var start = 0
        for cut in fromEnd ? cuts.reversed() : cuts {
            parts.append(self[start..<cut])
            start = cut + separator.count
        }
        return parts + [self[start..<count]]
    }

    /// The words between white space.
    func words(limit: Int = .max) -> [JinjaText] {
        var words: [JinjaText] = []
        var rest = stripped(end: false)
        while !rest.isEmpty {
            guard words.count < limit, let end = rest.elements.firstIndex(where: { JinjaText.isSpace($0.scalar) })
            else {
                // What is left of a limited split keeps the space inside it.
                return words + [words.count < limit ? rest : rest.stripped(start: false)]
            }
            words.append(rest[0..<end])
            rest = rest[end..<rest.count].stripped(end: false)
        }
        return words
    }

    func lines(keepingEnds: Bool) -> [JinjaText] {
        var lines: [JinjaText] = []
        var (start, place) = (0, 0)
        while place < count {
            let scalar = elements[place].scalar
            place += 1
            guard JinjaText.lineEnds.contains(scalar) else { continue }
            let end = place - 1
            if scalar == "\r", place < count, elements[place].scalar == "\n" { place += 1 }
            lines.append(self[start..<(keepingEnds ? place : end)])
            start = place
        }
        return start < count ? lines + [self[start..<count]] : lines
    }

    private static let lineEnds: Set<Unicode.Scalar> = [
        "\n", "\r", "\u{B}", "\u{C}", "\u{1C}", "\u{1D}", "\u{1E}", "\u{85}", "\u{2028}", "\u{2029}",
    ]

    /// The text with occurrences of `old`, at most `limit` of them, replaced.
    func replacing(_ old: JinjaText, with new: JinjaText, limit: Int = .max) -> JinjaText {
        guard !old.isEmpty else {
            // Python puts the new text between all characters.
            var result = limit > 0 ? new : JinjaText()
            for (index, element) in elements.enumerated() {
                result.elements.append(element)
                if index + 1 < limit { result += new }
            }
            return result
        }
        return JinjaText.joined(split(by: old, limit: limit), by: new)
    }

    static func joined(_ parts: some Sequence<JinjaText>, by separator: JinjaText) -> JinjaText {
        var result = JinjaText()
        for (index, part) in parts.enumerated() {
            if index > 0 { result += separator }
            result += part
        }
        return result
    }

    /// Each code point replaced by others, which come from where it came from.
    func mapped(_ change: (Unicode.Scalar) -> String) -> JinjaText {
        JinjaText(
            elements.flatMap { element in
                change(element.scalar).unicodeScalars.map {
                    Element(scalar: $0, origin: element.origin, isGenerated: element.isGenerated)
                }
            })
    }

    /// The text with the signs of HTML escaped, unless it is markup already.
    var markup: JinjaText {
        var result = self
        if !isMarkup {
            let escapes: [Unicode.Scalar: String] = [
                "&": "&amp;", "<": "&lt;", ">": "&gt;", "\"": "&#34;", "'": "&#39;",
            ]
            result = mapped { escapes[$0] ?? String(Character($0)) }
        }
        result.isMarkup = true
        return result
    }

    var lowercased: JinjaText { mapped { $0.properties.lowercaseMapping } }
    var uppercased: JinjaText { mapped { $0.properties.uppercaseMapping } }

    /// The first letter large, the others small.
    var capitalized: JinjaText {
        isEmpty
            ? self : self[0..<1].mapped { $0.properties.titlecaseMapping } + self[1..<count].lowercased
    }

    /// The first letter of each word large. Python begins a word after everything that is no letter; Jinja's filter
    /// after space and opening signs only.
    func titled(wordsBegin: (Unicode.Scalar) -> Bool) -> JinjaText {
        var isInside = false
        var result = JinjaText()
        for index in 0..<count {
            let part = self[index..<index + 1]
            result += isInside ? part.lowercased : part.mapped { $0.properties.titlecaseMapping }
            isInside = !wordsBegin(elements[index].scalar)
        }
        return result
    }

    /// All of it as written inside `{% generation %}`.
    var generated: JinjaText {
        JinjaText(elements.map { Element(scalar: $0.scalar, origin: $0.origin, isGenerated: true) })
    }
}
