/// What a regular expression says, as a tree.
indirect enum Expression: Sendable {
    enum Place: Sendable { case start, end, endOrLastLine, lineStart, lineEnd, wordBoundary, noWordBoundary }

    enum Greed: Sendable {
        case greedy, lazy
        /// What was taken is not given back.
        case possessive
    }

    case set(ScalarSet)
    case sequence([Expression])
    case choice([Expression])
    case repeated(Expression, from: Int, to: Int?, Greed)
    case place(Place)
    /// What comes next is, or is not, as another expression says.
    case ahead(Expression, isNegated: Bool)
    /// The character before is, or is not, in a set.
    case behind(ScalarSet, isNegated: Bool)
    /// The first way in which an expression fits, and no other.
    case atomic(Expression)
}
