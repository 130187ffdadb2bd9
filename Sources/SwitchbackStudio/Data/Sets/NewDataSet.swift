import Foundation
import Switchback
import SwitchbackFormats
import SwitchbackServer
import SwitchbackVision

/// A data set that a page asks for.
struct NewDataSet {
    let name: String
    let classes: [String]
    /// Whether images are sorted into classes, instead of objects being marked in them.
    let sortsImages: Bool
    /// The name of a folder of mere images that it begins with.
    let source: String?

    private static let longestName = 100
    private static let mostClasses = 1000

    init(_ fields: ConfigurationFields) throws {
        try fields.checkNames(known: ["name", "classes", "kind", "source"])
        name = try fields.string("name").trimmingCharacters(in: .whitespaces)
        if let problem = Self.problem(withName: name) { throw fields.problem("name", problem) }
        classes = try (fields.array("classes") ?? []).map { value in
            guard case .string(let text) = value else { throw fields.problem("classes", "names of classes are needed") }
            return text.trimmingCharacters(in: .whitespaces)
        }
        guard (1...Self.mostClasses).contains(classes.count) else {
            throw fields.problem("classes", "from 1 to \(Self.mostClasses) names are needed")
        }
        var seen: Set<String> = []
        for name in classes {
            if let problem = Self.problem(withName: name) { throw fields.problem("classes", problem) }
            if !seen.insert(name).inserted { throw fields.problem("classes", "\(name) is there twice") }
        }
        sortsImages = try fields.choice("kind", default: Kind.boxes) == .classes
        source = try fields["source"] == nil ? nil : fields.string("source")
        if sortsImages && source != nil {
            throw fields.problem("kind", "nothing says which class each image has", remedy: "add them class by class")
        }
        if sortsImages && classes.count < 2 { throw fields.problem("classes", "two names are needed at least") }
    }

    private enum Kind: String, CaseIterable { case boxes, classes }

    /// Why a text cannot be the name of a class or data set, which becomes that of a folder; `nil` where it can.
    static func problem(withName name: String) -> String? {
        if name.isEmpty || name.utf8.count > longestName { return "a name has from 1 to \(longestName) bytes" }
        if name.hasPrefix(".") { return "a name does not begin with a dot" }
        let forbidden = name.unicodeScalars.first { "/\\:*?\"<>|".unicodeScalars.contains($0) || $0.value < 0x20 }
        return forbidden.map { "a name has no \($0.value < 0x20 ? "control character" : "\($0)") in it" }
    }

    func write(to root: String) throws {
        if sortsImages {
            for split in [DataSplit.train, .val] {
                for name in classes { try OutputFolder.make(Folder.join(root, "\(split.rawValue)/\(name)")) }
            }
            return
        }
        for split in [DataSplit.train, .val] {
            for kind in ["images", "labels"] { try OutputFolder.make(Folder.join(root, "\(kind)/\(split.rawValue)")) }
        }
        let names = classes.enumerated().map { "  \($0): \(JSON.string($1))\n" }.joined()
        try AtomicFile.write(
            "train: images/train\nval: images/val\n\nnames:\n\(names)", to: Folder.join(root, "data.yaml"))
    }
}
