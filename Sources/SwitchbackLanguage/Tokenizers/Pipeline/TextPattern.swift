import Switchback
import SwitchbackFormats

/// What a `tokenizer.json` looks for in a text: a text, or a regular expression.
enum TextPattern: Sendable {
    case text([Unicode.Scalar])
    case expression(ExpressionProgram)

    /// A longer text is not looked for.
    private static let longest = 1000

    /// The `pattern` of an entry.
    init(_ fields: ConfigurationFields) throws {
        guard let pattern = try fields.object("pattern") else { throw fields.problem("pattern", "it is missing") }
        if pattern["String"] != nil {
            let text = Array(try pattern.string("String").unicodeScalars)
            guard (1...TextPattern.longest).contains(text.count) else {
                throw pattern.problem("String", "a text of 1 to \(TextPattern.longest) characters is needed")
            }
            self = .text(text)
        } else {
            let text = try pattern.string("Regex")
            do {
                self = .expression(try ExpressionProgram(text))
            } catch let problem as ExpressionParser.Problem {
                throw pattern.problem(
                    "Regex", "it cannot be read at character \(problem.position + 1): \(problem.text)")
            }
        }
    }

    /// Where it stands in a text, from left to right, without overlaps.
    func matches(in text: [Unicode.Scalar]) -> [Range<Int>] {
        switch self {
        case .expression(let program): return program.matches(in: text)
        case .text(let wanted):
            var found: [Range<Int>] = []
            var start = 0
            while start + wanted.count <= text.count {
                let isHere = text[start] == wanted[0] && text[start..<start + wanted.count].elementsEqual(wanted)
                if isHere { found.append(start..<start + wanted.count) }
                start += isHere ? wanted.count : 1
            }
            return found
        }
    }
}
