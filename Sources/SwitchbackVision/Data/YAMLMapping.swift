import Foundation
import Switchback
import SwitchbackFormats
import SwitchbackTraining
import Yams

/// The keys and values of a YAML file.
struct YAMLMapping {
    let path: String
    private let node: Node

    /// Throws `InputError` with line and column if the text is not YAML, or not a mapping.
    static func load(_ path: String) throws -> YAMLMapping {
        let text = try TextFile.read(path)
        do {
            guard let node = try YAMLText.compose(text, path), node.mapping != nil else {
                throw InputError(path, "holds no keys with values", remedy: "it needs train, val and names")
            }
            return YAMLMapping(path: path, node: node)
        } catch let error as YamlError {
            throw InputError(path, yaml: error, text: text)
        }
    }

    subscript(key: String) -> Node? { node.mapping?[key] }

    /// The error for a key that is not there, which names the one that may have been meant.
    func missing(_ key: String, _ meaning: String) -> InputError {
        InputError(
            path, "the key \(key) is missing, which gives \(meaning)",
            remedy: nearest(key).map { "is \($0) meant to be \(key)?" })
    }

    /// The unknown key that may have been meant to be `key`: it is near to it, or goes on as a word does, as `value` after
    /// `val`.
    func nearest(_ key: String) -> String? {
        let unknown = unknownKeys.map(\.name)
        return key.nearest(in: unknown)
            ?? unknown.first { name in
                let rest = name.dropFirst(key.count)
                return name.hasPrefix(key) && rest.count <= 3 && rest.allSatisfy(\.isLetter)
            }
    }

    /// Sentences on keys that are not read, and near to ones that are and were not given.
    var remarks: [String] {
        unknownKeys.compactMap { name, place in
            guard let meant = name.nearest(in: Self.read), self[meant] == nil else { return nil }
            let position = place.map { ", \($0)" } ?? ""
            return "\(path)\(position): the key \(name) is not read; is \(meant) meant?"
        }
    }

    private static let read =
        DataSplit.allCases.flatMap(\.folderNames)
        + ["names", "nc", "path", "kpt_shape", "flip_idx", "kpt_oks_sigmas", "kpt_names", "skeleton"]
    /// What other programs read.
    private static let foreign = [
        "channels", "download", "masks_dir", "label_mapping", "depth_scale", "minival", "roboflow", "yaml_file",
    ]

    private var unknownKeys: [(name: String, place: String?)] {
        let known = Self.read + Self.foreign
        return (node.mapping.map { Array($0.keys) } ?? []).compactMap { key in
            guard let name = key.scalar?.string, !known.contains(name) else { return nil }
            return (name, key.place)
        }
    }
}

extension Node {
    /// Where it stands, for messages.
    var place: String? { mark.map { "line \($0.line)" } }
}

extension InputError {
    /// The text is not YAML. Tabs, which it forbids and editors like, are named as such.
    init(_ path: String, yaml error: YamlError, text: String) {
        switch error {
        case .scanner(_, let problem, let mark, _), .parser(_, let problem, let mark, _),
            .composer(_, let problem, let mark, _):
            let lines = text.lines
            let around = lines.indices.filter { abs($0 + 1 - mark.line) <= 1 }
            if let tab = around.first(where: { lines[$0].prefix { $0.isWhitespace }.contains("\t") }) {
                self.init(
                    path, at: "line \(tab + 1)", "the line is indented with a tab, which YAML forbids",
                    remedy: "use spaces")
            } else {
                self.init(path, at: "line \(mark.line)", "is not YAML: \(problem)")
            }
        case .duplicatedKeysInMapping(let keys, _):
            let key = keys.min() ?? ""
            let last = text.lines.lastIndex { $0.drop(while: \.isWhitespace).hasPrefix(key + ":") }
            self.init(path, at: last.map { "line \($0 + 1)" }, "the key \(key) is there more than once")
        case .reader(let problem, _, _, _): self.init(path, "is not YAML: \(problem)")
        default: self.init(path, "is not YAML: \(error)")
        }
    }
}
