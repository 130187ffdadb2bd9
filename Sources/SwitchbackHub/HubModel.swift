import Switchback

/// The name of a model on a hub: `ORG/NAME`, or `ORG/NAME@REVISION` with a branch, a tag or a commit.
public struct HubModel: Sendable, Equatable, CustomStringConvertible {
    public let organization, name: String
    /// `main`, if none is given.
    public let revision: String

    /// `nil` if a text is no such name: two words of at most 96 letters, digits, `-`, `_` and `.`, as the hub has them.
    public init?(_ text: String) {
        let parts = text.split(separator: "@", maxSplits: 1, omittingEmptySubsequences: false)
        let names = parts[0].split(separator: "/", omittingEmptySubsequences: false).map(String.init)
        let revision = parts.count == 2 ? String(parts[1]) : "main"
        guard names.count == 2, names.allSatisfy(HubModel.isName), HubModel.isRevision(revision) else { return nil }
        (organization, name, self.revision) = (names[0], names[1], revision)
    }

    /// The model whose folder in a cache this is, with the commit as its revision; `nil` if it is another folder.
    public init?(snapshot folder: String) {
        let parts = folder.split(separator: "/").suffix(3).map(String.init)
        guard parts.count == 3, parts[1] == "snapshots" else { return nil }
        let names = parts[0].components(separatedBy: "--")
        guard names.count == 3, names[0] == "models" else { return nil }
        self.init("\(names[1])/\(names[2])@\(parts[2])")
    }

    /// Whether the revision is a commit, which never means another version than now; branches and tags can move.
    public var isFixed: Bool { revision.utf8.count == 40 && revision.allSatisfy(\.isHexDigit) }

    /// What is given by the user. Throws `InputError` if it is no name of a model.
    public init(argument text: String) throws {
        guard let model = HubModel(text) else {
            throw InputError(
                "model \(text)", "it is not the name of a model on the hub",
                remedy: "give ORG/NAME, such as HuggingFaceTB/SmolLM2-135M-Instruct, or ORG/NAME@REVISION")
        }
        self = model
    }

    /// `ORG/NAME`.
    public var path: String { "\(organization)/\(name)" }
    public var description: String { revision == "main" ? path : "\(path)@\(revision)" }

    private static func isName(_ text: String) -> Bool {
        (1...96).contains(text.utf8.count) && text.utf8.allSatisfy(isWordByte) && !text.contains("..")
            && !text.contains("--") && text.first != "." && text.first != "-" && text.last != "." && text.last != "-"
    }

    private static func isRevision(_ text: String) -> Bool {
        (1...200).contains(text.utf8.count) && text.utf8.allSatisfy { isWordByte($0) || $0 == UInt8(ascii: "/") }
            && HubModel.isSafePath(text)
    }

    private static func isWordByte(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
            UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"), UInt8(ascii: "_"), UInt8(ascii: "."):
            true
        default: false
        }
    }

    /// Whether a path stays below the folder that it is joined to.
    static func isSafePath(_ path: String) -> Bool {
        !path.contains("\\") && !path.unicodeScalars.contains { $0.value < 32 }
            && path.split(separator: "/", omittingEmptySubsequences: false).allSatisfy {
                !$0.isEmpty && $0 != "." && $0 != ".."
            }
    }
}
