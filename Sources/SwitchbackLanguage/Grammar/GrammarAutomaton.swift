/// Follows a grammar byte by byte: a deterministic automaton whose states are made when they are first reached.
///
/// A state is the set of all ways to go on, each a stack of places in the grammar.
struct GrammarAutomaton {
    typealias State = Int32

    private let grammar: Grammar
    private var states: [[[Int32]]] = []
    private var numbers: [[[Int32]]: State] = [:]
    /// For each state and byte the next one; `unknown` where that was not needed yet.
    private var table: [State] = []
    private static let unknown: State = -2
    /// Where the text cannot go on.
    static let dead: State = -1
    /// Bounds of memory: a grammar comes from outside.
    private static let mostStates = 8192
    private static let mostStacks = 4096
    private static let deepestStack = 1024

    init(_ grammar: Grammar) {
        self.grammar = grammar
        start = 0
        var stacks = Set<[Int32]>()
        for choice in grammar.alternatives[grammar.root] { expand([Int32(choice)], into: &stacks) }
        start = number(stacks)
    }

    private(set) var start: State

    /// Whether a text can be over here.
    func isAccepted(_ state: State) -> Bool { states[Int(state)].first?.isEmpty ?? false }

    /// Whether a text must be over here.
    func isComplete(_ state: State) -> Bool { states[Int(state)] == [[]] }

    /// Whether there are so many states that it is better to begin anew from one of them.
    var isFull: Bool { states.count >= GrammarAutomaton.mostStates }

    /// The same automaton that knows only one of its states, which it begins with.
    func restarted(at state: State) -> GrammarAutomaton {
        var result = self
        (result.states, result.table, result.numbers) = ([], [], [:])
        result.start = result.number(Set(states[Int(state)]))
        return result
    }

    mutating func next(_ state: State, _ byte: UInt8) -> State {
        let place = Int(state) << 8 | Int(byte)
        let known = table[place]
        if known != GrammarAutomaton.unknown { return known }
        var stacks = Set<[Int32]>()
        for stack in states[Int(state)] {
            guard let top = stack.last, case .bytes(let set) = grammar.symbols[Int(top)], set.contains(byte) else {
                continue
            }
            var rest = stack
            rest[rest.count - 1] = top + 1
            expand(rest, into: &stacks)
        }
        let next = stacks.isEmpty || stacks.count > GrammarAutomaton.mostStacks ? GrammarAutomaton.dead : number(stacks)
        table[place] = next
        return next
    }

    /// Adds all stacks that begin with bytes and that a stack leads to without any.
    private func expand(_ stack: [Int32], into stacks: inout Set<[Int32]>) {
        var waiting = [stack]
        while var stack = waiting.popLast() {
            guard let top = stack.last, stack.count <= GrammarAutomaton.deepestStack else {
                if stack.isEmpty { stacks.insert(stack) }
                continue
            }
            switch grammar.symbols[Int(top)] {
            case .bytes: stacks.insert(stack)
            case .end:
                stack.removeLast()
                waiting.append(stack)
            case .rule(let rule):
                stack.removeLast()
                if grammar.symbols[Int(top) + 1] != .end { stack.append(top + 1) }
                for choice in grammar.alternatives[rule] { waiting.append(stack + [Int32(choice)]) }
            }
        }
    }

    private mutating func number(_ stacks: Set<[Int32]>) -> State {
        // The empty stack, which is the end of a text, comes first.
        let key = stacks.sorted { $0.lexicographicallyPrecedes($1) }
        if let known = numbers[key] { return known }
        let state = State(states.count)
        states.append(key)
        numbers[key] = state
        table += repeatElement(GrammarAutomaton.unknown, count: 256)
        return state
    }
}

extension Grammar {
    /// Whether a whole text has the form.
    package func accepts(_ text: String) -> Bool {
        var automaton = GrammarAutomaton(self)
        var state = automaton.start
        for byte in text.utf8 where state != GrammarAutomaton.dead { state = automaton.next(state, byte) }
        return state != GrammarAutomaton.dead && automaton.isAccepted(state)
    }
}
