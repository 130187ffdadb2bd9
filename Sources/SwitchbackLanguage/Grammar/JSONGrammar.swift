/// The grammar of JSON texts (RFC 8259), as far as every reader takes them: numbers have at most 16 digits before and
/// behind the point and exponents below 100, and what is escaped in strings are whole characters.
struct JSONGrammar {
    private(set) var grammar = Grammar()
    /// Nothing, a space, or a new line with spaces: space that never ends would be a text that is never over.
    let space: Grammar.Rule
    let string, number, integer, bool, null: Grammar.Rule
    /// A whole number from 1 on.
    let positive: Grammar.Rule
    /// A character of a string, escaped where needed.
    let character: Grammar.Rule
    /// How deep values may be nested where nothing else is said of them.
    static let depth = 12
    /// Any object, and any value.
    private(set) var object, value: Grammar.Rule

    init() {
        var g = Grammar()
        let indent = g.rule([.bytes(ByteSet(" \t"))])
        let line = g.repeating(indent, 0, 20)
        space = g.rule([], [.bytes(ByteSet(" "))], [.bytes(ByteSet("\n")), .rule(line)])
        character = JSONGrammar.character(&g)
        let characters = g.repeating(character, 0, nil)
        string = g.rule([.bytes(ByteSet("\"")), .rule(characters), .bytes(ByteSet("\""))])
        bool = g.rule(Grammar.literal("true"), Grammar.literal("false"))
        null = g.rule(Grammar.literal("null"))
        (positive, integer, number) = JSONGrammar.numbers(&g)
        grammar = g
        let scalar = grammar.rule([.rule(string)], [.rule(number)], [.rule(bool)], [.rule(null)])
        (object, value) = (scalar, scalar)
        for _ in 0..<JSONGrammar.depth {
            object = map(to: value)
            let array = list(of: value, 0, nil)
            value = grammar.rule([.rule(scalar)], [.rule(object)], [.rule(array)])
        }
    }

    // MARK: Parts

    mutating func rule() -> Grammar.Rule { grammar.rule() }

    mutating func define(_ rule: Grammar.Rule, _ choices: [[Grammar.Symbol]]) { grammar.define(rule, choices) }

    mutating func rule(_ choices: [[Grammar.Symbol]]) -> Grammar.Rule {
        let rule = grammar.rule()
        grammar.define(rule, choices)
        return rule
    }

    /// An object of any names.
    mutating func map(to value: Grammar.Rule) -> Grammar.Rule {
        let member = rule([[.rule(string)] + colon + [.rule(value)]])
        return between("{", "}", item: member, 0, nil)
    }

    mutating func list(of item: Grammar.Rule, _ minimum: Int, _ maximum: Int?) -> Grammar.Rule {
        between("[", "]", item: item, minimum, maximum)
    }

    mutating func string(_ minimum: Int, _ maximum: Int?) -> Grammar.Rule {
        let characters = grammar.repeating(character, minimum, maximum)
        return rule([[.bytes(ByteSet("\"")), .rule(characters), .bytes(ByteSet("\""))]])
    }

    var colon: [Grammar.Symbol] { Grammar.literal(":") + [.rule(space)] }
    var comma: [Grammar.Symbol] { Grammar.literal(",") + [.rule(space)] }

    /// The grammar of texts that are one value, with space before it as some tokenizers write it.
    func text(of value: Grammar.Rule) -> Grammar {
        var result = grammar
        result.root = result.rule([.rule(space), .rule(value)])
        return result
    }

    private mutating func between(
        _ open: String, _ close: String, item: Grammar.Rule, _ minimum: Int, _ maximum: Int?
    ) -> Grammar.Rule {
        let next = rule([comma + [.rule(item)]])
        let more = grammar.repeating(next, max(0, minimum - 1), maximum.map { max(0, $0 - 1) })
        let items: [Grammar.Symbol] = [.rule(space), .rule(item), .rule(more), .rule(space)]
        var choices = maximum == 0 ? [] : [Grammar.literal(open) + items + Grammar.literal(close)]
        if minimum == 0 { choices.append(Grammar.literal(open + close)) }
        return rule(choices)
    }

    private static func numbers(
        _ g: inout Grammar
    ) -> (positive: Grammar.Rule, integer: Grammar.Rule, number: Grammar.Rule) {
        let digit = g.rule([.bytes(ByteSet(UInt8(ascii: "0")...UInt8(ascii: "9")))])
        let first = Grammar.Symbol.bytes(ByteSet(UInt8(ascii: "1")...UInt8(ascii: "9")))
        let digits = g.repeating(digit, 0, 15)
        let positive = g.rule([first, .rule(digits)])
        let whole = g.rule(Grammar.literal("0"), [.rule(positive)])
        let integer = g.rule([.rule(whole)], Grammar.literal("-") + [.rule(whole)])
        let decimals = g.repeating(digit, 1, 16)
        let fraction = g.rule([], Grammar.literal(".") + [.rule(decimals)])
        let powers = g.repeating(digit, 1, 2)
        let sign = g.rule([], [.bytes(ByteSet("+-"))])
        let exponent = g.rule([], [.bytes(ByteSet("eE")), .rule(sign), .rule(powers)])
        return (positive, integer, g.rule([.rule(integer), .rule(fraction), .rule(exponent)]))
    }

    /// A character in UTF-8 (RFC 3629, section 4), or an escape.
    private static func character(_ g: inout Grammar) -> Grammar.Rule {
        let tail = Grammar.Symbol.bytes(ByteSet(0x80...0xBF))
        func lead(_ range: ClosedRange<UInt8>) -> Grammar.Symbol { .bytes(ByteSet(range)) }
        let hex = Grammar.Symbol.bytes(ByteSet("0123456789abcdefABCDEF"))
        // Halves of pairs are no characters.
        let code = g.rule(
            [.bytes(ByteSet("0123456789abcefABCEF")), hex, hex, hex],
            [.bytes(ByteSet("dD")), .bytes(ByteSet("01234567")), hex, hex])
        let escape = g.rule([.bytes(ByteSet("\"\\/bfnrt"))], Grammar.literal("u") + [.rule(code)])
        return g.rule(
            [.bytes(ByteSet(0x20...0x21, 0x23...0x5B, 0x5D...0x7E))], Grammar.literal("\\") + [.rule(escape)],
            [lead(0xC2...0xDF), tail], [lead(0xE0...0xE0), lead(0xA0...0xBF), tail],
            [.bytes(ByteSet(0xE1...0xEC, 0xEE...0xEF)), tail, tail], [lead(0xED...0xED), lead(0x80...0x9F), tail],
            [lead(0xF0...0xF0), lead(0x90...0xBF), tail, tail], [lead(0xF1...0xF3), tail, tail, tail],
            [lead(0xF4...0xF4), lead(0x80...0x8F), tail, tail])
    }
}
