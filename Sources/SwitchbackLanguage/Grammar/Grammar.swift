/// A context-free grammar over bytes: what a text may be.
///
/// A rule has alternatives, each of which is a sequence of sets of bytes and of other rules. No rule may begin with
/// itself.
public struct Grammar: Sendable, Equatable {
    /// The number of a rule.
    typealias Rule = Int

    enum Symbol: Sendable, Equatable {
        case bytes(ByteSet)
        case rule(Rule)
        /// The end of an alternative.
        case end
    }

    /// The alternatives of all rules, one after the other, each with its end.
    private(set) var symbols: [Symbol] = []
    /// Where the alternatives of each rule begin.
    private(set) var alternatives: [[Int]] = []
    /// What a whole text is.
    var root: Rule = 0

    init() {}

    /// A rule whose alternatives come later, so that others can name it.
    mutating func rule() -> Rule {
        alternatives.append([])
        return alternatives.count - 1
    }

    mutating func define(_ rule: Rule, _ choices: [[Symbol]]) {
        for choice in choices {
            alternatives[rule].append(symbols.count)
            symbols += choice + [.end]
        }
    }

    mutating func rule(_ choices: [Symbol]...) -> Rule {
        let rule = rule()
        define(rule, choices)
        return rule
    }

    /// `minimum` to `maximum` times a rule; any number from the minimum on, if there is no maximum.
    mutating func repeating(_ item: Rule, _ minimum: Int, _ maximum: Int?) -> Rule {
        var rest: Rule
        if let maximum {
            rest = rule([])
            for _ in minimum..<max(minimum, maximum) { rest = rule([], [.rule(item), .rule(rest)]) }
        } else {
            rest = rule()
            define(rest, [[], [.rule(item), .rule(rest)]])
        }
        return rule(Array(repeating: .rule(item), count: minimum) + [.rule(rest)])
    }

    /// What is a text of one grammar or of the other.
    public static func either(_ first: Grammar, or second: Grammar) -> Grammar {
        var result = first
        let (symbolCount, ruleCount) = (first.symbols.count, first.alternatives.count)
        result.symbols += second.symbols.map { symbol in
            if case .rule(let rule) = symbol { .rule(rule + ruleCount) } else { symbol }
        }
        result.alternatives += second.alternatives.map { $0.map { $0 + symbolCount } }
        result.root = result.rule([.rule(first.root)], [.rule(second.root + ruleCount)])
        return result
    }

    /// Exactly these bytes.
    static func literal(_ text: String) -> [Symbol] { text.utf8.map { .bytes(ByteSet($0)) } }
}
