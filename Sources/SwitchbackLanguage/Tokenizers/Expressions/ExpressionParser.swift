/// Reads the regular expressions of `tokenizer.json`, in the part of Oniguruma's syntax that those use.
struct ExpressionParser {
    struct Problem: Error {
        let text: String
        let position: Int
    }

    private let scalars: [Unicode.Scalar]
    private var position = 0
    private var ignoresCase = false
    private var depth = 0

    /// No expression of a tokenizer is nested deeper, or longer.
    private static let deepest = 50
    private static let longest = 20_000

    static func parse(_ text: String) throws -> Expression {
        var parser = ExpressionParser(scalars: Array(text.unicodeScalars))
        guard parser.scalars.count <= longest else { throw parser.problem("it is longer than \(longest) characters") }
        let result = try parser.choice()
        guard parser.position == parser.scalars.count else { throw parser.problem("there is a ) too many") }
        return result
    }

    private init(scalars: [Unicode.Scalar]) { self.scalars = scalars }

    private var next: Unicode.Scalar? { position < scalars.count ? scalars[position] : nil }

    private func problem(_ text: String) -> Problem { Problem(text: text, position: position) }

    private mutating func take(_ text: String) -> Bool {
        let wanted = Array(text.unicodeScalars)
        guard scalars[position...].starts(with: wanted) else { return false }
        position += wanted.count
        return true
    }

    private mutating func takeScalar(_ what: String) throws -> Unicode.Scalar {
        guard let scalar = next else { throw problem("\(what) is missing at its end") }
        position += 1
        return scalar
    }

    // MARK: Alternatives, sequences, repetition

    private mutating func choice() throws -> Expression {
        depth += 1
        defer { depth -= 1 }
        guard depth <= Self.deepest else { throw problem("it is nested deeper than \(Self.deepest)") }
        var parts = [try sequence()]
        while take("|") { parts.append(try sequence()) }
        return parts.count == 1 ? parts[0] : .choice(parts)
    }

    private mutating func sequence() throws -> Expression {
        var parts: [Expression] = []
        while let scalar = next, scalar != "|", scalar != ")" { parts.append(try repeated(try atom())) }
        return parts.count == 1 ? parts[0] : .sequence(parts)
    }

    private mutating func repeated(_ atom: Expression) throws -> Expression {
        var result = atom
        while let (low, high) = try bounds() {
            let greed: Expression.Greed = take("?") ? .lazy : take("+") ? .possessive : .greedy
            result = .repeated(result, from: low, to: high, greed)
        }
        return result
    }

    /// `*`, `+`, `?` or `{2,5}`, if one is next.
    private mutating func bounds() throws -> (Int, Int?)? {
        if take("*") { return (0, nil) }
        if take("+") { return (1, nil) }
        if take("?") { return (0, 1) }
        let start = position
        guard take("{") else { return nil }
        let low = number()
        let hasComma = take(",")
        let high = hasComma ? number() : low
        guard take("}"), low != nil || high != nil else {
            // A brace that is none of these stands for itself.
            position = start
            return nil
        }
        guard low ?? 0 <= 1000, high ?? 0 <= 1000, high ?? .max >= low ?? 0 else {
            throw problem("a repetition of up to 1000 times is supported")
        }
        return (low ?? 0, high)
    }

    private mutating func number() -> Int? {
        var digits = ""
        while let scalar = next, ("0"..."9").contains(scalar), digits.count < 6 {
            digits.unicodeScalars.append(scalar)
            position += 1
        }
        return Int(digits)
    }

    // MARK: Atoms

    private mutating func atom() throws -> Expression {
        let scalar = try takeScalar("something to look for")
        switch scalar {
        case "(": return try group()
        case "[": return .set(try bracket())
        case ".": return .set(ScalarSet([.named(.anythingButLineEnd, isNegated: false)]))
        // In the syntax of the `tokenizers` package, each line has a start and an end.
        case "^": return .place(.lineStart)
        case "$": return .place(.lineEnd)
        case "\\": return try escaped()
        case "*", "+", "?":
            position -= 1
            throw problem("there is nothing to repeat before \(scalar)")
        default: return literal(scalar)
        }
    }

    private func literal(_ scalar: Unicode.Scalar) -> Expression {
        .set(ScalarSet([.range(scalar.value...scalar.value)], ignoresCase: ignoresCase))
    }

    private mutating func group() throws -> Expression {
        let outer = ignoresCase
        defer { ignoresCase = outer }
        var wrap: (Expression) throws -> Expression = { $0 }
        if take("?:") || !take("?") {
        } else if take("=") {
            wrap = { .ahead($0, isNegated: false) }
        } else if take("!") {
            wrap = { .ahead($0, isNegated: true) }
        } else if take(">") {
            wrap = { .atomic($0) }
        } else if take("<=") || take("<!") {
            let isNegated = scalars[position - 1] == "!"
            let place = problem("only a single character can be looked for behind")
            wrap = { inner in
                guard case .set(let set) = inner else { throw place }
                return .behind(set, isNegated: isNegated)
            }
        } else if take("i:") || take("-i:") {
            ignoresCase = scalars[position - 2] == "i" && scalars[position - 3] != "-"
        } else {
            throw problem("groups of this kind are not supported")
        }
        let inner = try choice()
        guard take(")") else { throw problem("a ) is missing") }
        return try wrap(inner)
    }

    private mutating func escaped() throws -> Expression {
        let places: KeyValuePairs<String, Expression.Place> = [
            "A": .start, "z": .end, "Z": .endOrLastLine, "b": .wordBoundary, "B": .noWordBoundary,
        ]
        for (name, place) in places where take(name) { return .place(place) }
        switch try escapedMember() {
        case .range(let range) where range.count == 1:
            return .set(ScalarSet([.range(range)], ignoresCase: ignoresCase))
        case let member: return .set(ScalarSet([member]))
        }
    }

    // MARK: Sets

    /// What stands behind a backslash.
    private mutating func escapedMember() throws -> ScalarSet.Member {
        let scalar = try takeScalar("what a backslash stands before")
        func only(_ code: UInt32) -> ScalarSet.Member { .range(code...code) }
        switch scalar {
        case "s", "S": return .named(.space, isNegated: scalar == "S")
        case "d", "D": return .named(.digit, isNegated: scalar == "D")
        case "w", "W": return .named(.word, isNegated: scalar == "W")
        case "p", "P": return try property(isNegated: scalar == "P")
        case "n": return only(0x0A)
        case "r": return only(0x0D)
        case "t": return only(0x09)
        case "f": return only(0x0C)
        case "v": return only(0x0B)
        case "x", "u": return only(try hexadecimal(scalar == "x" ? 2 : 4))
        case "0"..."9", "a"..."z", "A"..."Z":
            position -= 1
            throw problem("\\\(scalar) is not supported")
        default: return only(scalar.value)
        }
    }

    private mutating func hexadecimal(_ count: Int) throws -> UInt32 {
        let isBraced = take("{")
        var digits = ""
        while let scalar = next, scalar.properties.isASCIIHexDigit, digits.count < (isBraced ? 6 : count) {
            digits.unicodeScalars.append(scalar)
            position += 1
        }
        guard let code = UInt32(digits, radix: 16), Unicode.Scalar(code) != nil, !isBraced || take("}") else {
            throw problem("the number of a character is needed")
        }
        return code
    }

    private mutating func property(isNegated: Bool) throws -> ScalarSet.Member {
        guard take("{") else { throw problem("a { is needed behind \\p") }
        let isInverted = take("^")
        var name = ""
        while let scalar = next, scalar != "}", name.utf8.count < 40 {
            name.unicodeScalars.append(scalar)
            position += 1
        }
        guard take("}"), let categories = Unicode.GeneralCategory.named(name) else {
            throw problem("the property \(name) is not supported; general categories such as L or Nd are")
        }
        return .named(.categories(categories), isNegated: isNegated != isInverted)
    }

    /// The rest of a set behind its [.
    private mutating func bracket() throws -> ScalarSet {
        depth += 1
        defer { depth -= 1 }
        guard depth <= Self.deepest else { throw problem("it is nested deeper than \(Self.deepest)") }
        let isNegated = take("^")
        var members: [ScalarSet.Member] = []
        var others: [ScalarSet] = []
        while !take("]") {
            if take("&&") {
                others.append(ScalarSet(members, ignoresCase: ignoresCase))
                members = []
            } else {
                members.append(try member())
            }
        }
        let last = ScalarSet(members, isNegated: isNegated && others.isEmpty, ignoresCase: ignoresCase, and: others)
        return isNegated && !others.isEmpty ? ScalarSet([.set(last)], isNegated: true) : last
    }

    private mutating func member() throws -> ScalarSet.Member {
        if take("[:") { return try named() }
        if take("[") { return .set(try bracket()) }
        let first = take("\\") ? try escapedMember() : try single()
        guard case .range(let low) = first, low.count == 1, next == "-", position + 1 < scalars.count,
            scalars[position + 1] != "]"
        else { return first }
        position += 1
        let last = take("\\") ? try escapedMember() : try single()
        guard case .range(let high) = last, high.lowerBound >= low.lowerBound else {
            throw problem("the range ends before it begins")
        }
        return .range(low.lowerBound...high.lowerBound)
    }

    private mutating func single() throws -> ScalarSet.Member {
        let code = try takeScalar("a ]").value
        return .range(code...code)
    }

    /// `[:alpha:]` and the like.
    private mutating func named() throws -> ScalarSet.Member {
        let classes: KeyValuePairs<String, ScalarSet.Class> = [
            "space": .space, "digit": .digit, "word": .word,
            "punct": .categories(
                (Unicode.GeneralCategory.named("P") ?? []).union(Unicode.GeneralCategory.named("S") ?? [])),
            "alpha": .categories(Unicode.GeneralCategory.named("L") ?? []),
        ]
        for (name, kind) in classes where take("\(name):]") { return .named(kind, isNegated: false) }
        throw problem("the class is not supported; [:space:], [:digit:], [:word:], [:punct:] and [:alpha:] are")
    }
}
