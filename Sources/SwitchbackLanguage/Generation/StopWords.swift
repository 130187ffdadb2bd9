/// Looks for stop words in a text that arrives piece by piece, and holds back what may be the start of one.
///
/// They are compared by Unicode scalars: what a reader sees as one character, such as \r\n, can hold the end of a word.
struct StopWords {
    private let words: [[Unicode.Scalar]]
    private var waiting: [Unicode.Scalar] = []
    /// Whether one was found; nothing more is given out then.
    private(set) var isFound = false

    init(_ words: [String]) { self.words = words.filter { !$0.isEmpty }.map { Array($0.unicodeScalars) } }

    /// The text that can be given out after a further piece.
    mutating func append(_ piece: String) -> String {
        if isFound { return "" }
        if words.isEmpty { return piece }
        waiting += piece.unicodeScalars
        let found = words.compactMap { word in
            waiting.indices.first { waiting[$0...].starts(with: word) }
        }.min()
        if let found {
            isFound = true
            return text(waiting[..<found])
        }
        let kept = waiting.indices.first { start in words.contains { $0.starts(with: waiting[start...]) } }
        let ready = waiting.prefix(kept ?? waiting.count)
        waiting.removeFirst(ready.count)
        return text(ready)
    }

    /// The text held back, once no more comes.
    mutating func finish() -> String {
        defer { waiting = [] }
        return isFound ? "" : text(waiting[...])
    }

    private func text(_ scalars: ArraySlice<Unicode.Scalar>) -> String { String(String.UnicodeScalarView(scalars)) }
}
