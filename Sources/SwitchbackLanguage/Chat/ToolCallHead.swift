import Switchback
import SwitchbackFormats

/// What is known of a JSON object that may be a call, of which the beginning is there.
enum ToolCallHead {
    /// More has to come.
    case unfinished
    /// It calls nothing that was offered.
    case none
    /// Its arguments begin at a place.
    case arguments(of: String, at: Int)
    /// All of it is there, up to a place.
    case whole(ToolCall, end: Int)

    private static let argumentNames = ["arguments", "parameters"]
    private static let names = argumentNames + ["name", "type", "id"]

    /// - Parameters:
    ///   - bytes: begin with what may be the object's brace.
    ///   - functions: the names of those that were offered.
    ///   - isMarked: whether a mark before it says that it is a call. An object alone has to have arguments and no other
    ///     members: it may be an answer that has a name, too.
    init(_ bytes: ArraySlice<UInt8>, _ functions: [String], isMarked: Bool) {
        let start = bytes.startIndex
        guard bytes.first == UInt8(ascii: "{") else {
            self = .none
            return
        }
        var name: String?
        var scanner = Scanner(bytes: bytes, place: start + 1)
        while true {
            guard let byte = scanner.skipSpace() else { break }
            if byte == UInt8(ascii: "}") {
                self = ToolCallHead.whole(bytes[start...scanner.place], functions, isMarked) ?? .none
                return
            }
            guard let key = scanner.string(), let colon = scanner.skipSpace() else {
                self = scanner.isOver ? .unfinished : .none
                return
            }
            guard colon == UInt8(ascii: ":"), isMarked || ToolCallHead.names.contains(where: key.isExactly) else {
                self = .none
                return
            }
            scanner.place += 1
            guard let first = scanner.skipSpace() else { break }
            if let name, first == UInt8(ascii: "{"), ToolCallHead.argumentNames.contains(where: key.isExactly) {
                self = .arguments(of: name, at: scanner.place)
                return
            }
            if key.isExactly("name") {
                guard let text = scanner.string() else {
                    self = scanner.isOver ? .unfinished : .none
                    return
                }
                guard functions.contains(where: text.isExactly) else {
                    self = .none
                    return
                }
                name = text
            } else if !scanner.skipValue() {
                break
            }
            guard let comma = scanner.skipSpace() else { break }
            if comma == UInt8(ascii: ",") {
                scanner.place += 1
            } else if comma != UInt8(ascii: "}") {
                self = .none
                return
            }
        }
        self = .unfinished
    }

    /// The call that an object is; `nil` if it is none.
    private static func whole(_ bytes: ArraySlice<UInt8>, _ functions: [String], _ isMarked: Bool) -> ToolCallHead? {
        guard let value = try? bytes.withUnsafeBytes({ try JSON(parsing: $0) }),
            let fields = try? ConfigurationFields(value, path: "answer"), let name = try? fields.string("name"),
            functions.contains(where: name.isExactly)
        else { return nil }
        let arguments: String
        switch fields["arguments"] ?? fields["parameters"] {
        case nil where isMarked: arguments = "{}"
        // Some models write the arguments as a text that holds JSON.
        case .string(let text)?: arguments = text
        case .object(let members)?: arguments = JSON.object(members).line
        default: return nil
        }
        return .whole(ToolCall(name: name, arguments: arguments), end: bytes.endIndex)
    }
}

/// Goes through JSON of which only the beginning may be there.
private struct Scanner {
    let bytes: ArraySlice<UInt8>
    var place: Int

    /// Whether all that is there was read.
    var isOver: Bool { place >= bytes.endIndex }

    /// The next byte that is no space; `nil` where there is none yet.
    mutating func skipSpace() -> UInt8? {
        place = bytes[place...].firstIndex { !$0.isSpace } ?? bytes.endIndex
        return isOver ? nil : bytes[place]
    }

    /// The string that begins here; `nil` where there is none, or its end is not there yet.
    mutating func string() -> String? {
        guard !isOver, bytes[place] == UInt8(ascii: "\"") else { return nil }
        let start = place
        guard skipValue(),
            case .string(let text)? = try? bytes[start..<place].withUnsafeBytes({ try JSON(parsing: $0) })
        else { return nil }
        return text
    }

    /// Goes behind the value that begins here; `false` where its end is not there yet.
    mutating func skipValue() -> Bool {
        var nesting = JSONNesting()
        let start = place
        while place < bytes.endIndex {
            // A number or a word ends where the next part of the object begins.
            if nesting.isOutside, place > start, [UInt8(ascii: ","), UInt8(ascii: "}")].contains(bytes[place]) {
                return true
            }
            let isEnd = nesting.read(bytes[place])
            place += 1
            if isEnd { return true }
        }
        return false
    }
}

/// How deep in JSON's brackets a place is.
struct JSONNesting {
    private var depth: Int
    private var isInString = false
    private var isEscaped = false

    init(depth: Int = 0) { self.depth = depth }

    /// Whether it is neither in brackets nor in a string.
    var isOutside: Bool { depth == 0 && !isInString }

    /// Reads a byte; returns whether it ends the value, a string or what stands in brackets.
    mutating func read(_ byte: UInt8) -> Bool {
        if isEscaped {
            isEscaped = false
        } else if isInString {
            if byte == UInt8(ascii: "\\") { isEscaped = true }
            if byte == UInt8(ascii: "\"") { isInString = false }
            return byte == UInt8(ascii: "\"") && depth == 0
        } else if byte == UInt8(ascii: "\"") {
            isInString = true
        } else if byte == UInt8(ascii: "{") || byte == UInt8(ascii: "[") {
            depth += 1
        } else if byte == UInt8(ascii: "}") || byte == UInt8(ascii: "]") {
            depth -= 1
            return depth <= 0
        }
        return false
    }

    /// Behind which byte the value ends; `nil` where all of them belong to it.
    mutating func end(in bytes: [UInt8]) -> Int? {
        for (place, byte) in bytes.enumerated() where read(byte) { return place + 1 }
        return nil
    }
}

extension UInt8 {
    /// JSON's space.
    var isSpace: Bool { [9, 10, 13, 32].contains(self) }
}
