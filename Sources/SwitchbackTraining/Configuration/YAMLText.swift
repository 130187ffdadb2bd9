import Switchback
import Yams

/// YAML within bounds.
///
/// An alias stands for all that its anchor holds: twenty lines, each a list of two aliases of the line before, hold a
/// million values, and whoever compares them compares each. So there are few aliases in a file, and it is nested as
/// people nest.
package enum YAMLText {
    private static let mostAliases = 16
    private static let deepest = 256

    /// The value of a text; `nil` if it is empty.
    ///
    /// - Parameter path: the file, for messages.
    /// - Throws: `InputError` if there is more than is read; `YamlError` where it is not YAML.
    package static func compose(_ text: String, _ path: String) throws -> Node? {
        var survey = Survey()
        for (number, line) in text.utf8.split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false)
            .enumerated()
        {
            survey.read(line)
            let place = "line \(number + 1)"
            if survey.aliases > mostAliases {
                throw InputError(
                    path, at: place, "it has more than \(mostAliases) aliases, such as *name",
                    remedy: "write out what they stand for")
            }
            if survey.depth > deepest {
                throw InputError(path, at: place, "values are nested more than \(deepest) deep")
            }
        }
        return try Yams.compose(yaml: text)
    }

    /// What may be in the lines that were read: some of it may stand in quotation marks and mean nothing.
    private struct Survey {
        private(set) var aliases = 0
        /// Brackets that are open.
        private var brackets = 0
        /// Of the line: what it is indented by, and the lists and tables that it opens.
        private var opened = 0

        var depth: Int { brackets + opened }

        mutating func read(_ line: Substring.UTF8View) {
            opened = line.prefix { $0 == UInt8(ascii: " ") }.count / 2
            var (isStart, isMark) = (true, false)
            for byte in line {
                switch byte {
                case UInt8(ascii: "*") where isStart: aliases += 1
                case UInt8(ascii: "["), UInt8(ascii: "{"): brackets += 1
                case UInt8(ascii: "]"), UInt8(ascii: "}"): brackets = max(0, brackets - 1)
                case UInt8(ascii: " ") where isMark: opened += 1
                default: break
                }
                // A hyphen or question mark opens something before a space alone.
                isMark = isStart && (byte == UInt8(ascii: "-") || byte == UInt8(ascii: "?"))
                isStart = " \t[{,:".utf8.contains(byte)
            }
        }
    }
}
