import Foundation
import Switchback
import SwitchbackFormats
import Yams

/// The contents of a data.yaml, with paths resolved.
package struct DataDescription {
    package let classNames: [String]
    /// The folder that the others are relative to.
    let root: String
    /// Folders, files that list images, or images.
    package let places: [DataSplit: [String]]
    /// By the keys `kpt_shape`, `flip_idx`, `kpt_oks_sigmas`, `kpt_names` and `skeleton`, pairs of keypoints from 0 on.
    package let keypoints: KeypointLayout?
    /// On keys that are not read and look like ones that are, as sentences.
    package let remarks: [String]
    /// The key that is not read and may have been meant to be `kpt_shape`.
    let likelyKeypointKey: String?

    /// Whether a YAML file describes data, be it damaged: by its name, or by the keys that its lines begin with.
    static func isLikely(_ path: String) -> Bool {
        if ["data", "dataset"].contains(Folder.stem(path).lowercased()) { return true }
        let keys = ["train", "val", "names", "nc"]
        let lines = (try? TextFile.lines(path)) ?? []
        return keys.count { key in lines.contains { $0.hasPrefix("\(key):") } } > 1
    }

    package static func load(_ path: String) throws -> DataDescription {
        let keys = try YAMLMapping.load(path)
        let classNames = try names(keys, path)
        let root = try root(keys, path)
        var (places, remarks) = ([DataSplit: [String]](), keys.remarks)
        for split in DataSplit.allCases {
            let node = split.folderNames.lazy.compactMap { keys[$0] }.first
            guard let node, node.null == nil else { continue }
            do {
                places[split] = try strings(node, split.rawValue, path).map { try resolve($0, root, split, node, path) }
            } catch let error as InputError where split == .test {
                // Exports name a folder of test images also where they hold none.
                remarks.append("\(error), so that there is no test split")
            }
        }
        // Data may have some splits only; a key that is written wrongly is not to make it one of those.
        for split in [DataSplit.train, .val] where places[split] == nil {
            if places.isEmpty || keys.nearest(split.rawValue) != nil {
                throw keys.missing(
                    split.rawValue, "the folder of the images to \(split == .train ? "train" : "validate")")
            }
        }
        return DataDescription(
            classNames: classNames, root: root, places: places, keypoints: try keypoints(keys, path), remarks: remarks,
            likelyKeypointKey: keys.nearest("kpt_shape"))
    }

    private static func keypoints(_ keys: YAMLMapping, _ path: String) throws -> KeypointLayout? {
        guard let node = keys["kpt_shape"], node.null == nil else { return nil }
        let shape = node.sequence.map { $0.compactMap(\.int) } ?? []
        guard shape.count == 2, (1...KeypointLayout.mostKeypoints).contains(shape[0]), (2...3).contains(shape[1]) else {
            throw InputError(
                path, at: node.place, "kpt_shape is the number of keypoints and 2 or 3, as in [17, 3]")
        }
        func list<Value>(_ key: String, _ read: (Node) -> Value?) throws -> [Value]? {
            guard let node = keys[key], node.null == nil else { return nil }
            let values = node.sequence?.compactMap(read) ?? []
            guard values.count == shape[0] else {
                throw InputError(
                    path, at: node.place,
                    "\(key) needs \(shape[0]) values, one for each keypoint, and has \(values.count)")
            }
            return values
        }
        let flip = try list("flip_idx") { $0.int }
        if let flip, flip.sorted() != Array(0..<shape[0]) {
            throw InputError(
                path, at: keys["flip_idx"]?.place, "flip_idx must have each number from 0 to \(shape[0] - 1) once")
        }
        let names = keys["kpt_names"]?.sequence == nil ? nil : try list("kpt_names") { $0.scalar?.string }
        return KeypointLayout(
            count: shape[0], dimensions: shape[1], flip: flip,
            sigmas: try list("kpt_oks_sigmas") { $0.float.map { Float($0) } }, names: names,
            skeleton: try skeleton(keys, path, count: shape[0]))
    }

    private static func skeleton(_ keys: YAMLMapping, _ path: String, count: Int) throws -> [[Int]]? {
        guard let node = keys["skeleton"], node.null == nil else { return nil }
        let pairs = (node.sequence ?? []).map { $0.sequence?.compactMap(\.int) ?? [] }
        guard node.sequence != nil, pairs.allSatisfy(KeypointLayout(count: count, dimensions: 3).isLimb) else {
            throw InputError(
                path, at: node.place, "skeleton is a list of pairs of keypoints from 0 to \(count - 1), as in [[0, 1]]")
        }
        return pairs
    }

    /// A list of names, or a mapping from numbers, which must be those from 0 on, to names. Where `nc` alone says how
    /// many there are, they are named by their numbers, as in Ultralytics.
    private static func names(_ keys: YAMLMapping, _ path: String) throws -> [String] {
        let count = try classCount(keys, path)
        guard let node = keys["names"], node.null == nil else {
            guard let count else { throw keys.missing("names", "the names of the classes") }
            return (0..<count).map { "class_\($0)" }
        }
        var names: [String] = []
        if let mapping = node.mapping {
            var byNumber: [Int: String] = [:]
            for (key, value) in mapping {
                guard let number = key.scalar.flatMap({ Int($0.string) }), let name = value.scalar?.string else {
                    throw InputError(path, at: key.place, "names maps numbers to names, as in 0: person")
                }
                byNumber[number] = name
            }
            for number in 0..<byNumber.count {
                guard let name = byNumber[number] else {
                    throw InputError(
                        path, at: node.place,
                        "names has \(byNumber.count.counted("class")), but none with the number \(number)")
                }
                names.append(name)
            }
        } else {
            names = try strings(node, "names", path)
        }
        guard !names.isEmpty else { throw InputError(path, at: node.place, "names holds no class") }
        if let empty = names.firstIndex(where: { $0.allSatisfy(\.isWhitespace) }) {
            throw InputError(path, at: node.place, "the class \(empty) has an empty name")
        }
        if let count, count != names.count {
            throw InputError(
                path, at: keys["nc"]?.place, "nc says \(count.counted("class")), and names has \(names.count)",
                remedy: "leave nc out, or make them agree")
        }
        return names
    }

    /// What `nc` says; `nil` where it is not there.
    private static func classCount(_ keys: YAMLMapping, _ path: String) throws -> Int? {
        guard let node = keys["nc"], node.null == nil else { return nil }
        let number = node.scalar.flatMap { Int($0.string) ?? Double($0.string).flatMap(Int.init(exactly:)) }
        guard let number, (1...mostClasses).contains(number) else {
            throw InputError(
                path, at: node.place,
                "nc is \(node.scalar?.string ?? "a list"), and a number from 1 on is needed")
        }
        return number
    }

    private static let mostClasses = 100_000

    private static func strings(_ node: Node, _ key: String, _ path: String) throws -> [String] {
        if let text = node.scalar?.string { return [text] }
        let texts = node.sequence?.map { $0.scalar?.string }
        guard let texts, !texts.contains(nil) else {
            throw InputError(path, at: node.place, "\(key) must be a text or a list of texts")
        }
        return texts.compactMap { $0 }
    }

    /// The folder that the others are relative to. A relative `path` is looked for in the current folder, in its folder
    /// `datasets`, beside the file's folder and in the file's folder, and the first in which there is what `train`
    /// names is taken; without `path` it is the file's folder.
    private static func root(_ keys: YAMLMapping, _ path: String) throws -> String {
        let folder = Folder.parent(path)
        guard let node = keys["path"], let text = node.scalar?.string, !text.isEmpty else { return folder }
        let name = (text as NSString).expandingTildeInPath
        if name.hasPrefix("/") || WindowsPath.hasDrive(name) {
            if Folder.isFolder(name) { return name }
            throw InputError(path, at: node.place, "path is \(text), and there is no such folder")
        }
        let beside = Folder.join(folder, "..")
        let candidates = ["", "datasets", beside, folder].map { WindowsPath.inFolder($0, name) }
        let folders = candidates.filter(Folder.isFolder)
        let places = keys["train"].flatMap { try? strings($0, "train", path) } ?? []
        let fitting = folders.first { folder in
            places.allSatisfy { Folder.exists(WindowsPath.inFolder(folder, $0)) }
        }
        if let found = fitting ?? folders.first { return (found as NSString).standardizingPath }
        throw InputError(
            path, at: node.place,
            "path is \(text), and there is no such folder: looked for "
                + candidates.map { ($0 as NSString).standardizingPath }.joined(separator: ", "))
    }

    /// A place relative to the root; a leading `../` that leads nowhere is left away, as in data from Roboflow.
    private static func resolve(
        _ text: String, _ root: String, _ split: DataSplit, _ node: Node, _ path: String
    ) throws -> String {
        guard !text.isEmpty else {
            throw InputError(path, at: node.place, "\(split.rawValue) is empty", remedy: "name a folder of images")
        }
        let name = (text as NSString).expandingTildeInPath
        var place = WindowsPath.inFolder(root, name)
        if !Folder.exists(place) && name.hasPrefix("../") {
            place = WindowsPath.inFolder(root, String(name.dropFirst(3)))
        }
        guard Folder.exists(place) else {
            throw InputError(path, at: "key \(split.rawValue)", "there is no \(place)")
        }
        return place
    }
}

extension KeypointLayout {
    /// The lines of a data.yaml that describe it.
    package var yaml: String {
        let flip = flip.map { "flip_idx: \($0)\n" } ?? ""
        let names = names.map { "kpt_names: [\($0.map { "\(JSON.string($0))" }.joined(separator: ", "))]\n" } ?? ""
        let skeleton = skeleton.map { "skeleton: \($0)\n" } ?? ""
        return "kpt_shape: [\(count), \(dimensions)]\n\(flip)\(names)\(skeleton)"
    }
}
