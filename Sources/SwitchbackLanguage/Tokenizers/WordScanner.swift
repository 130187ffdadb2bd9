import Switchback

/// Cuts text into the words inside which byte pairs are merged, as the regular expressions of well-known tokenizers do:
/// written by hand, because an exact scan of a known pattern is many times faster than a general engine.
struct WordScanner: Sendable {
    /// The patterns that are known.
    enum Pattern: Sendable, CaseIterable {
        /// GPT-2's.
        case gpt2
        /// Llama 3's: up to three digits together.
        case llama3
        /// Qwen's: each digit by itself.
        case qwen
        /// GPT-4o's: words are cut before capitals, too, and keep the end of a contraction.
        case gpt4o

        /// The regular expression as it stands in `tokenizer.json`.
        var expression: String {
            switch self {
            case .gpt2: #"'s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+"#
            case .llama3: Pattern.modern(number: #"\p{N}{1,3}"#)
            case .qwen: Pattern.modern(number: #"\p{N}"#)
            case .gpt4o: Pattern.cased
            }
        }

        private static let cased: String = {
            let (lead, ending) = (#"[^\r\n\p{L}\p{N}]?"#, #"(?i:'s|'t|'re|'ve|'m|'ll|'d)?"#)
            let (capitals, small) = (#"[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]"#, #"[\p{Ll}\p{Lm}\p{Lo}\p{M}]"#)
            return "\(lead)\(capitals)*\(small)+\(ending)|\(lead)\(capitals)+\(small)*\(ending)|"
                + #"\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n/]*|\s*[\r\n]+|\s+(?!\S)|\s+"#
        }()

        private static func modern(number: String) -> String {
            #"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|"# + number
                + #"| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+"#
        }
    }

    let pattern: Pattern

    /// Calls `body` with the UTF-8 bytes of each word, in order; together they are the text.
    func forEachWord(of text: String, _ body: (ArraySlice<UInt8>) -> Void) {
        let scalars = Array(text.unicodeScalars)
        let bytes = Array(text.utf8)
        var scan = Scan(scalars: scalars, classes: scalars.map(TextClass.init), pattern: pattern)
        var start = 0
        while scan.position < scalars.count {
            let first = scan.position
            scan.position = scan.endOfWord()
            let end = scalars[first..<scan.position].reduce(start) { $0 + UTF8.width($1) }
            body(bytes[start..<end])
            start = end
        }
    }
}

/// The alternatives of the patterns, in their order. Each gives the end of its match, or `nil`.
private struct Scan {
    let scalars: [Unicode.Scalar]
    let classes: [TextClass]
    let pattern: WordScanner.Pattern
    var position = 0

    /// Where the word that begins at `position` ends.
    func endOfWord() -> Int {
        if pattern == .gpt4o { return endOfCasedWord }
        if let end = contraction { return end }
        return pattern == .gpt2 ? endOfGPT2Word : endOfModernWord
    }

    private var endOfGPT2Word: Int {
        // An ordinary space belongs to the word behind it.
        let start = scalars[position] == " " && position + 1 < scalars.count ? position + 1 : position
        let kind = classes[start]
        if !kind.isSpace { return end(from: start) { $0 == kind } }
        return endOfSpace
    }

    private var endOfModernWord: Int {
        let kind = classes[position]
        if kind == .letter { return end(from: position) { $0 == .letter } }
        if kind == .number {
            // Not the whole run of digits, which would be looked through again for each of its words.
            return end(from: position, limit: pattern == .llama3 ? 3 : 1) { $0 == .number }
        }
        if kind != .newline, position + 1 < classes.count, classes[position + 1] == .letter {
            return end(from: position + 1) { $0 == .letter }
        }
        let start = scalars[position] == " " && position + 1 < scalars.count ? position + 1 : position
        if classes[start] == .other {
            return end(from: end(from: start) { $0 == .other }) { $0 == .newline }
        }
        return endOfSpaceOrLines
    }

    private var endOfCasedWord: Int {
        let kind = classes[position]
        let canLead = kind != .letter && kind != .number && kind != .newline
        let starts = canLead ? [position + 1, position] : [position]
        // With small letters first, behind any other character or none; then of capitals alone.
        if let end = starts.lazy.compactMap(endOfSmallLetters).first ?? starts.lazy.compactMap(endOfCapitals).first {
            var rest = self
            rest.position = end
            return end < scalars.count ? rest.contraction ?? end : end
        }
        if kind == .number { return end(from: position, limit: 3) { $0 == .number } }
        let start = scalars[position] == " " && position + 1 < scalars.count ? position + 1 : position
        guard classes[start] == .other else { return endOfSpaceOrLines }
        var end = end(from: start) { $0 == .other }
        while end < scalars.count, classes[end] == .newline || scalars[end] == "/" { end += 1 }
        return end
    }

    /// Where capitals end.
    private func endOfCapitals(from start: Int) -> Int? {
        var end = start
        while end < scalars.count, LetterCase(scalars[end]).canBeCapital { end += 1 }
        return end > start ? end : nil
    }

    /// Where small letters end, behind any capitals; `nil` where there are none.
    private func endOfSmallLetters(from start: Int) -> Int? {
        var end = endOfCapitals(from: start) ?? start
        if end == scalars.count || !LetterCase(scalars[end]).canBeSmall {
            // The last capital that is a small letter as well, such as one without case, counts as one.
            guard let last = (start..<end).last(where: { LetterCase(scalars[$0]).canBeSmall }) else { return nil }
            return last + 1
        }
        while end < scalars.count, LetterCase(scalars[end]).canBeSmall { end += 1 }
        return end
    }

    private var endOfSpaceOrLines: Int {
        let endOfRun = end(from: position) { $0.isSpace }
        if let newline = (position..<endOfRun).last(where: { classes[$0] == .newline }) { return newline + 1 }
        return endOfSpace
    }

    /// A run of space, without its last character if a word follows: that belongs to the word.
    private var endOfSpace: Int {
        let end = end(from: position) { $0.isSpace }
        return end < classes.count && end - position > 1 ? end - 1 : end
    }

    private func end(from start: Int, limit: Int = .max, while belongs: (TextClass) -> Bool) -> Int {
        let bound = min(classes.count - start, limit) + start
        var end = start
        while end < bound && belongs(classes[end]) { end += 1 }
        return end
    }

    /// 's 't 're 've 'm 'll 'd, in the modern patterns with capitals, too.
    private var contraction: Int? {
        guard scalars[position] == "'", let first = letter(1) else { return nil }
        switch first {
        case "s", "t", "m", "d": return position + 2
        case "r", "v": return letter(2) == "e" ? position + 3 : nil
        case "l": return letter(2) == "l" ? position + 3 : nil
        default: return nil
        }
    }

    /// The letter `distance` after the position; where case does not count, in lower case.
    private func letter(_ distance: Int) -> Unicode.Scalar? {
        guard position + distance < scalars.count else { return nil }
        let scalar = scalars[position + distance]
        if pattern == .gpt2 { return scalar }
        // The long s is an s without regard to case.
        return scalar == "\u{17F}" ? "s" : Unicode.Scalar(scalar.value | ("A"..."Z" ~= scalar ? 0x20 : 0))
    }
}

/// What a letter is with regard to case; marks, and letters of scripts without case, are both.
private struct LetterCase {
    let canBeCapital, canBeSmall: Bool

    init(_ scalar: Unicode.Scalar) {
        switch scalar.categoryInUnicode16 {
        case .uppercaseLetter, .titlecaseLetter: (canBeCapital, canBeSmall) = (true, false)
        case .lowercaseLetter: (canBeCapital, canBeSmall) = (false, true)
        case .modifierLetter, .otherLetter, .nonspacingMark, .spacingMark, .enclosingMark:
            (canBeCapital, canBeSmall) = (true, true)
        default: (canBeCapital, canBeSmall) = (false, false)
        }
    }
}
