import Foundation
import Switchback
import SwitchbackFormats
import SwitchbackServer
import SwitchbackVision

/// A data set that a page asks for.
struct NewDataSet {
    let name: String
    let classes: [String]
    /// The names of the keypoints of objects; none where only their boxes or outlines are marked.
    let keypoints: [String]
    /// Whether images are sorted into classes, instead of objects being marked in them.
    let sortsImages: Bool
    /// The name of a folder of mere images that it begins with.
    let source: String?

    private static let mostClasses = 1000

    init(_ fields: ConfigurationFields) throws {
        try fields.checkNames(known: ["name", "classes", "kind", "keypoints", "source"])
        name = try fields.string("name").trimmingCharacters(in: .whitespaces)
        if let problem = Self.problem(withName: name) { throw fields.problem("name", problem) }
        classes = try Self.names(fields, "classes", atMost: Self.mostClasses)
        guard !classes.isEmpty else { throw fields.problem("classes", "a name is needed at least") }
        keypoints = try Self.names(fields, "keypoints", atMost: KeypointLayout.mostKeypoints)
        sortsImages = try fields.choice("kind", default: Kind.boxes) == .classes
        source = try fields["source"] == nil ? nil : fields.string("source")
        if sortsImages && source != nil {
            throw fields.problem("kind", "nothing says which class each image has", remedy: "add them class by class")
        }
        if sortsImages && !keypoints.isEmpty { throw fields.problem("keypoints", "sorted images have none") }
        if sortsImages && classes.count < 2 { throw fields.problem("classes", "two names are needed at least") }
    }

    /// Names that differ.
    static func names(_ fields: ConfigurationFields, _ field: String, atMost most: Int) throws -> [String] {
        let names = try (fields.array(field) ?? []).map { value in
            guard case .string(let text) = value else { throw fields.problem(field, "names are needed") }
            return text.trimmingCharacters(in: .whitespaces)
        }
        guard names.count <= most else { throw fields.problem(field, "at most \(most) names are taken") }
        var seen: Set<String> = []
        for name in names {
            if let problem = problem(withName: name) { throw fields.problem(field, problem) }
            if !seen.insert(name).inserted { throw fields.problem(field, "\(name) is there twice") }
        }
        return names
    }

    private enum Kind: String, CaseIterable { case boxes, classes }

    /// Why a text cannot be the name of a class or data set, which becomes that of a folder; `nil` where it can.
    static func problem(withName name: String) -> String? {
        ClassFolders.problem(withName: name)
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
        let poses = keypoints.isEmpty ? "" : "\n" + KeypointLayout(names: keypoints).yaml
        try AtomicFile.write(
            "train: images/train\nval: images/val\n\(poses)\nnames:\n\(names)", to: Folder.join(root, "data.yaml"))
    }
}
