/// A regular expression that finds where it fits in a text, in a time that grows with the text's length, whatever the
/// text: a state that once led nowhere is not tried again.
struct ExpressionProgram: Sendable {
    private enum Step: Sendable {
        case set(ScalarSet)
        case place(Expression.Place)
        /// One way, and where it does not fit the other; `mark` numbers it.
        case either(Int, Int, mark: Int)
        case jump(Int)
        case ahead(ExpressionProgram, isNegated: Bool)
        case behind(ScalarSet, isNegated: Bool)
        case atomic(ExpressionProgram)
        case match
    }

    private var steps: [Step] = []
    private var marks = 0

    /// Repetitions are written out, up to so many steps.
    private static let longest = 20_000

    /// Reads a regular expression. Throws `ExpressionParser.Problem` if it cannot.
    init(_ text: String) throws { try self.init(ExpressionParser.parse(text)) }

    private init(_ expression: Expression) throws {
        try append(expression)
        steps.append(.match)
    }

    // MARK: Compiling

    private mutating func append(_ expression: Expression) throws {
        guard steps.count < Self.longest else {
            throw ExpressionParser.Problem(text: "its repetitions are too many", position: 0)
        }
        switch expression {
        case .set(let set): steps.append(.set(set))
        case .sequence(let parts): for part in parts { try append(part) }
        case .choice(let parts): try append(choice: parts[...])
        case .repeated(let part, let low, let high, let greed): try append(part, low, high, greed)
        case .place(let place): steps.append(.place(place))
        case .ahead(let part, let isNegated): steps.append(.ahead(try ExpressionProgram(part), isNegated: isNegated))
        case .behind(let set, let isNegated): steps.append(.behind(set, isNegated: isNegated))
        case .atomic(let part): steps.append(.atomic(try ExpressionProgram(part)))
        }
    }

    private mutating func append(choice parts: ArraySlice<Expression>) throws {
        var ends: [Int] = []
        for (index, part) in parts.enumerated() {
            guard index < parts.count - 1 else {
                try append(part)
                break
            }
            let split = appendEither()
            try append(part)
            ends.append(steps.count)
            steps.append(.jump(0))
            setEither(split, split + 1, steps.count)
        }
        for end in ends { steps[end] = .jump(steps.count) }
    }

    private mutating func append(_ part: Expression, _ low: Int, _ high: Int?, _ greed: Expression.Greed) throws {
        if greed == .possessive {
            let inner = try ExpressionProgram(.repeated(part, from: low, to: high, .greedy))
            return steps.append(.atomic(inner))
        }
        for _ in 0..<low { try append(part) }
        func set(_ split: Int, inside: Int, behind: Int) {
            if greed == .lazy { setEither(split, behind, inside) } else { setEither(split, inside, behind) }
        }
        guard let high else {
            let split = appendEither()
            try append(part)
            steps.append(.jump(split))
            return set(split, inside: split + 1, behind: steps.count)
        }
        var splits: [Int] = []
        for _ in low..<max(low, high) {
            splits.append(appendEither())
            try append(part)
        }
        for split in splits { set(split, inside: split + 1, behind: steps.count) }
    }

    private mutating func appendEither() -> Int {
        steps.append(.either(0, 0, mark: marks))
        marks += 1
        return steps.count - 1
    }

    private mutating func setEither(_ split: Int, _ first: Int, _ second: Int) {
        if case .either(_, _, let mark) = steps[split] { steps[split] = .either(first, second, mark: mark) }
    }

    // MARK: Matching

    /// Where the expression fits, from left to right, without overlaps.
    func matches(in text: [Unicode.Scalar]) -> [Range<Int>] {
        var found: [Range<Int>] = []
        var search = Search(self, text)
        var (start, lastEnd) = (0, -1)
        while start <= text.count {
            guard let end = search.end(from: start), end > start || start != lastEnd else {
                start += 1
                continue
            }
            found.append(start..<end)
            lastEnd = end
            start = max(end, end == start ? start + 1 : end)
        }
        return found
    }

    /// The states of one search in one text.
    private struct Search {
        private let program: ExpressionProgram
        private let text: [Unicode.Scalar]
        /// One bit for each choice at each position: whether it has been tried from there.
        private var tried: [UInt64]
        private let wordsPerPosition: Int
        /// Searches of the programs inside, by step.
        private var inner: [Int: [Search]] = [:]

        init(_ program: ExpressionProgram, _ text: [Unicode.Scalar]) {
            self.program = program
            self.text = text
            wordsPerPosition = (program.marks + 63) / 64
            tried = Array(repeating: 0, count: wordsPerPosition * (text.count + 1))
        }

        /// Where the expression ends if it begins at `start`; `nil` where it does not fit.
        mutating func end(from start: Int) -> Int? {
            var open: [(step: Int, position: Int)] = [(0, start)]
            while let (first, place) = open.popLast() {
                var (step, position) = (first, place)
                run: while true {
                    switch program.steps[step] {
                    case .match:
                        // What was tried on the way led here, and may do so again from another start.
                        let words = start * wordsPerPosition..<(position + 1) * wordsPerPosition
                        for word in words { tried[word] = 0 }
                        return position
                    case .set(let set):
                        guard position < text.count, set.contains(text[position]) else { break run }
                        position += 1
                        step += 1
                    case .jump(let target): step = target
                    case .either(let one, let other, let mark):
                        let word = position * wordsPerPosition + mark / 64
                        let bit: UInt64 = 1 << UInt64(mark % 64)
                        if tried[word] & bit != 0 { break run }
                        tried[word] |= bit
                        open.append((other, position))
                        step = one
                    case .place(let place):
                        guard isThere(place, position) else { break run }
                        step += 1
                    case .behind(let set, let isNegated):
                        guard (position > 0 && set.contains(text[position - 1])) != isNegated else { break run }
                        step += 1
                    case .ahead(let part, let isNegated):
                        guard (end(of: part, step, position) != nil) != isNegated else { break run }
                        step += 1
                    case .atomic(let part):
                        guard let end = end(of: part, step, position) else { break run }
                        position = end
                        step += 1
                    }
                }
            }
            return nil
        }

        private mutating func end(of part: ExpressionProgram, _ step: Int, _ position: Int) -> Int? {
            var searches = inner[step] ?? [Search(part, text)]
            inner[step] = nil
            defer { inner[step] = searches }
            return searches[0].end(from: position)
        }

        private func isThere(_ place: Expression.Place, _ position: Int) -> Bool {
            func isWord(_ index: Int) -> Bool { text.indices.contains(index) && text[index].isWordCharacter }
            switch place {
            case .start: return position == 0
            case .end: return position == text.count
            case .endOrLastLine:
                return position == text.count || (position == text.count - 1 && text[position] == "\n")
            case .lineStart: return position == 0 || text[position - 1] == "\n"
            case .lineEnd: return position == text.count || text[position] == "\n"
            case .wordBoundary: return isWord(position - 1) != isWord(position)
            case .noWordBoundary: return isWord(position - 1) == isWord(position)
            }
        }
    }
}
