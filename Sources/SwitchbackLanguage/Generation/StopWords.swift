/// Looks for stop words in a text that arrives piece by piece, and holds back what may be the start of one.
struct StopWords {
    private let words: [[Character]]
    private var waiting: [Character] = []
    /// Whether one was found; nothing more is given out then.
    private(set) var isFound = false

    init(_ words: [String]) { self.words = words.filter { !$0.isEmpty }.map(Array.init) }

    /// The text that can be given out after a further piece.
    mutating func append(_ piece: String) -> String {
        if isFound { return "" }
        if words.isEmpty { return piece }
        waiting += piece
        let found = words.compactMap { word in
            waiting.indices.first { waiting[$0...].starts(with: word) }
        }.min()
        if let found {
            isFound = true
            return String(waiting[..<found])
        }
        let kept = waiting.indices.first { start in words.contains { $0.starts(with: waiting[start...]) } }
        let ready = waiting.prefix(kept ?? waiting.count)
        waiting.removeFirst(ready.count)
        return String(ready)
    }

    /// The text held back, once no more comes.
    mutating func finish() -> String {
        defer { waiting = [] }
        return isFound ? "" : String(waiting)
    }
}
