import Switchback

/// A grammar for texts in a tokenizer's tokens.
public struct TokenGrammar: Sendable, Equatable {
    let grammar: Grammar
    let table: TokenTable

    public init(_ grammar: Grammar, _ table: TokenTable) {
        self.grammar = grammar
        self.table = table
    }

    public static func == (a: TokenGrammar, b: TokenGrammar) -> Bool { a.grammar == b.grammar && a.table === b.table }
}

/// The place of a text in a grammar, and which tokens can come next.
struct GrammarWalk {
    private let table: TokenTable
    private var automaton: GrammarAutomaton
    private var state: GrammarAutomaton.State
    /// By state, which tokens can follow; forgotten when there are too many.
    private var allowed: [GrammarAutomaton.State: [Int32]] = [:]
    private static let mostKept = 64

    init(_ grammar: TokenGrammar) {
        table = grammar.table
        automaton = GrammarAutomaton(grammar.grammar)
        state = automaton.start
    }

    /// Whether nothing can follow.
    var isComplete: Bool { automaton.isComplete(state) }

    /// Makes every token impossible that the grammar does not have next.
    ///
    /// - Parameter endTokens: what can end a text, where it can be over.
    /// - Throws: `InputError` where no token is left.
    mutating func restrict(_ logits: inout [Float], endTokens: Set<Int>) throws {
        var kept: [(token: Int, logit: Float)] = tokens().map { (Int($0), logits[Int($0)]) }
        if automaton.isAccepted(state) {
            kept += endTokens.filter(logits.indices.contains).map { ($0, logits[$0]) }
        }
        guard kept.contains(where: { $0.logit > -.infinity }) else {
            throw InputError("tokenizer", "it has no token with which the text could go on in the requested form")
        }
        for index in logits.indices { logits[index] = -.infinity }
        for (token, logit) in kept { logits[token] = logit }
    }

    /// Goes on by a token that was not impossible.
    mutating func accept(_ bytes: [UInt8]) {
        for byte in bytes { state = automaton.next(state, byte) }
        if automaton.isFull {
            automaton = automaton.restarted(at: state)
            (state, allowed) = (automaton.start, [:])
        }
    }

    private mutating func tokens() -> [Int32] {
        if let known = allowed[state] { return known }
        if allowed.count >= GrammarWalk.mostKept { allowed = [:] }
        let found = findTokens()
        allowed[state] = found
        return found
    }

    /// Goes through all tokens, and through what several begin with once.
    private mutating func findTokens() -> [Int32] {
        var found: [Int32] = []
        // The states after so many bytes of the token before.
        var path = [state]
        for (index, token) in table.tokens.enumerated() {
            let shared = Int(table.shared[index])
            // The token before could not go on where this one is still the same.
            if path.count <= shared { continue }
            path.removeSubrange((shared + 1)...)
            let end = Int(table.starts[index + 1])
            var place = Int(table.starts[index]) + shared
            while place < end {
                let next = automaton.next(path[path.count - 1], table.bytes[place])
                if next == GrammarAutomaton.dead { break }
                path.append(next)
                place += 1
            }
            if place == end { found.append(token) }
        }
        return found
    }
}
