import Switchback

/// Which parts of a conversation's text the assistant wrote, the ends of its answers included: what a model learns.
struct ChatAnswers {
    /// Of the text's code points.
    private var ranges: [Range<Int>] = []

    init() {}

    /// What the template marks with `{% generation %}`.
    init(generatedIn text: JinjaText, of messages: [ChatMessage]) {
        var start: Int?
        for (place, element) in text.elements.enumerated() where element.isGenerated != (start != nil) {
            if let begun = start { ranges.append(begun..<place) }
            start = element.isGenerated ? place : nil
        }
        if let start { ranges.append(start..<text.count) }
        ranges.removeAll { range in
            text.elements[range].contains { element in
                if case .message(let number) = element.origin { !messages[number].isLearned } else { false }
            }
        }
    }

    /// What comes from the assistant's messages, from the end of the generation prompt on, with the text behind it.
    ///
    /// - Parameters:
    ///   - prompt: the beginning of an answer that a template adds; empty if it is not known.
    ///   - ending: what stands behind the last answer.
    init(of messages: [ChatMessage], in text: JinjaText, prompt: JinjaText, ending: JinjaText) {
        var extent: [Int: ClosedRange<Int>] = [:]
        for (place, element) in text.elements.enumerated() {
            guard case .message(let number) = element.origin else { continue }
            extent[number] = (extent[number]?.lowerBound ?? place)...place
        }
        for number in messages.indices where messages[number].role == .assistant && messages[number].isLearned {
            guard let own = extent[number] else { continue }
            let before = extent.values.filter { $0.upperBound < own.lowerBound }.map(\.upperBound).max() ?? -1
            let after = extent.values.filter { $0.lowerBound > own.upperBound }.map(\.lowerBound).min() ?? text.count
            let start = ChatAnswers.end(of: prompt, in: text, before + 1..<own.lowerBound) ?? own.lowerBound
            let rest = text.elements[own.upperBound + 1..<after]
            let common = zip(rest, ending.elements).prefix { $0.scalar == $1.scalar }.count
            ranges.append(start..<own.upperBound + 1 + common)
        }
    }

    /// Where the last occurrence of a text in a range ends.
    private static func end(of prompt: JinjaText, in text: JinjaText, _ range: Range<Int>) -> Int? {
        guard !prompt.isEmpty, range.count >= prompt.count else { return nil }
        return (range.lowerBound...range.upperBound - prompt.count).last { text.has(prompt, at: $0) }
            .map { $0 + prompt.count }
    }

    /// For each token whether it is an answer's. An answer ends with the first special token behind what was said.
    func tokens(_ tokens: [Int], of text: JinjaText, _ tokenizer: any Tokenizer) -> [Bool] {
        if ranges.isEmpty { return tokens.map { _ in false } }
        var isAnswer: [Bool] = []
        var isOver = false
        for (token, range) in zip(tokens, tokenizer.ranges(of: tokens, in: text)) {
            let answer = ranges.first { $0.overlaps(range) }
            if answer == nil { isOver = false }
            let hasContent = range.contains { text.elements[$0].origin != .template || text.elements[$0].isGenerated }
            if hasContent { isOver = false }
            isAnswer.append(answer != nil && !isOver)
            // A mark before the content, such as the beginning of a thought, is part of the answer, too.
            let isBehind = answer.map { answer in
                !text.elements[range.upperBound..<max(range.upperBound, answer.upperBound)]
                    .contains { $0.origin != .template || $0.isGenerated }
            }
            if tokenizer.isSpecial(token), isBehind == true { isOver = true }
        }
        return isAnswer
    }
}

extension Tokenizer {
    /// Which code points of a text each of its tokens stands for. Where the tokenizer changed the text, tokens whose
    /// characters are not found have the place of their neighbors.
    fileprivate func ranges(of tokens: [Int], in text: JinjaText) -> [Range<Int>] {
        let bytes = Array(text.string.utf8)
        // The code point to which each byte belongs, and the end.
        var places: [Int] = []
        for (place, element) in text.elements.enumerated() {
            places += repeatElement(place, count: UTF8.width(element.scalar))
        }
        places.append(text.count)
        var position = 0
        return tokens.map { token in
            let own = self.bytes(of: token)
            let found = Tokenizers.position(of: own, in: bytes, from: position)
            let start = found ?? position
            position = min(bytes.count, found == nil ? position : start + own.count)
            let first = places[start]
            let isInside = position > start && position < bytes.count && places[position - 1] == places[position]
            return first..<max(first, isInside ? places[position] + 1 : places[position])
        }
    }
}

extension Tokenizers {
    /// How far a token may lie behind the end of the one before it: space that a special token took with it.
    private static let longestGap = 64

    /// Where bytes stand in others, at a place or behind the space that follows it.
    fileprivate static func position(of part: [UInt8], in bytes: [UInt8], from start: Int) -> Int? {
        if part.isEmpty { return nil }
        for place in start..<min(bytes.count, start + longestGap) where place + part.count <= bytes.count {
            if bytes[place..<place + part.count].elementsEqual(part) { return place }
        }
        return nil
    }
}
