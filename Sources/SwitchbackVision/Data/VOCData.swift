import Foundation
import Switchback
import SwitchbackFormats

/// Data as Pascal VOC describes it: an XML file for each image in `Annotations`, the images in `JPEGImages` or
/// `images`, and perhaps the parts in `ImageSets/Main/*.txt`; or XML files beside their images, perhaps in a folder for
/// each part. Without parts, all is for training. Classes are numbered as `classes.txt` lists them, and others after those in
/// alphabetical order.
enum VOCData {
    /// An XML file, and the image that it is about.
    private struct Pair {
        /// What lists call them.
        let name: String
        let file: String
        let image: String?
    }

    static func load(_ path: String) throws -> DetectionData {
        let names = try Folder.names(in: path)
        let annotations = names.first { $0.lowercased() == "annotations" }.map { Folder.join(path, $0) }
        let pairs = try annotations.map { try Self.pairs(of: $0, path, names) } ?? pairsSideBySide(path)
        let read = ImageSurvey.map(pairs.map(\.file)) { file in Result { try VOCFile.load(file) } }
        var (problems, remarks): ([InputError], [String]) = ([], [])
        var found: [(pair: Pair, objects: [VOCFile.Object])] = []
        for (pair, result) in zip(pairs, read) {
            do {
                found.append((pair, try result.get().objects))
            } catch {
                problems.append(error as? InputError ?? InputError(pair.file, "\(error)"))
            }
        }
        let classNames = try ClassNamesFile.names(
            in: path, occurring: Set(found.flatMap { $0.objects.map(\.name) }))
        let examples = examples(found, classNames, &problems, &remarks)
        let splits =
            try annotations == nil
            ? partsByFolder(path, examples) : partsByLists(path, examples, Set(pairs.map(\.name)), &problems)
        return DetectionData(
            kind: "Pascal VOC annotations", path: path, classNames: classNames, splits: splits, problems: problems,
            remarks: remarks)
    }

    /// Whether there are XML files beside images of the same name, in a folder or in its folders.
    static func liesBesideImages(_ path: String) throws -> Bool {
        try pairsSideBySide(path).contains { $0.image != nil }
    }

    private static func pairs(of folder: String, _ path: String, _ names: [String]) throws -> [Pair] {
        let imageFolder = names.first { ["jpegimages", "images"].contains($0.lowercased()) }
        let paths = try ImageSurvey.files(under: imageFolder.map { Folder.join(path, $0) } ?? path)
        let images = Dictionary(paths.map { (Folder.stem($0), $0) }, uniquingKeysWith: { first, _ in first })
        return try Folder.names(in: folder).filter { $0.hasSuffix(".xml") }.map { name in
            let stem = Folder.stem(name)
            return Pair(name: stem, file: Folder.join(folder, name), image: images[stem])
        }
    }

    private static func pairsSideBySide(_ path: String) throws -> [Pair] {
        func bare(_ path: String) -> String { (path as NSString).deletingPathExtension }
        let files = try Folder.files(under: path, extensions: ["xml"])
        if files.isEmpty { return [] }
        let paths = try ImageSurvey.files(under: path)
        let images = Dictionary(paths.map { (bare($0), $0) }, uniquingKeysWith: { first, _ in first })
        return files.map { Pair(name: bare($0), file: $0, image: images[bare($0)]) }
    }

    /// The examples by the name of their files.
    private static func examples(
        _ found: [(pair: Pair, objects: [VOCFile.Object])], _ classNames: [String], _ problems: inout [InputError],
        _ remarks: inout [String]
    ) -> [String: DetectionExample] {
        let numbers = Dictionary(uniqueKeysWithValues: classNames.enumerated().map { ($1, $0) })
        let headers = ImageSurvey.map(found.map { $0.pair.image ?? "" }) { path in
            Result { try ImageSurvey.header(path) }
        }
        var examples: [String: DetectionExample] = [:]
        for ((pair, objects), header) in zip(found, headers) {
            guard let image = pair.image else {
                problems.append(InputError(pair.file, "there is no image of the name \(Folder.stem(pair.file))"))
                continue
            }
            do {
                let header = try header.get()
                var bad: [InputError] = []
                let labels = objects.compactMap { object in
                    PixelBoxes.label(
                        object.box, numbers[object.name] ?? 0, height: header.height, width: header.width,
                        refuse: { bad.append(InputError(pair.file, at: "line \(object.line)", $0)) },
                        remark: { remarks.append("\(pair.file), line \(object.line): \($0)") })
                }
                problems += bad
                if !bad.isEmpty { continue }
                examples[pair.name] = DetectionExample(
                    imagePath: image, height: header.height, width: header.width, labels: labels)
            } catch {
                problems.append(error as? InputError ?? InputError(image, "\(error)"))
            }
        }
        return examples
    }

    /// - Parameter known: the names that there are annotations of, those that cannot be used among them.
    private static func partsByLists(
        _ path: String, _ examples: [String: DetectionExample], _ known: Set<String>, _ problems: inout [InputError]
    ) throws -> [DataSplit: [DetectionExample]] {
        let folder = Folder.join(path, "ImageSets/Main")
        var splits: [DataSplit: [DetectionExample]] = [:]
        for split in DataSplit.allCases {
            let list = Folder.join(folder, "\(split.rawValue).txt")
            guard Folder.exists(list) else { continue }
            var strangers: [String] = []
            splits[split] = try TextFile.rows(list).compactMap { line in
                // Lists of single classes have -1, 0 or 1 after the name, which may have spaces in it.
                let words = line.split(separator: " ")
                let whole = line.trimmingCharacters(in: .whitespaces)
                if whole.isEmpty { return nil }
                let names = [whole, words.dropLast().joined(separator: " "), words.first.map(String.init) ?? ""]
                guard let name = names.first(where: known.contains) else {
                    strangers.append(whole)
                    return nil
                }
                return examples[name]
            }
            if let first = strangers.first {
                problems.append(
                    InputError(list, "there are no annotations of \(strangers.count.counted("name")), such as \(first)")
                )
            }
        }
        return splits.isEmpty ? [.train: inOrder(examples)] : splits
    }

    /// The parts by the names of the folders that the images lie in; outside of such folders they are for training.
    private static func partsByFolder(
        _ path: String, _ examples: [String: DetectionExample]
    ) -> [DataSplit: [DetectionExample]] {
        let depth = path.split(separator: "/").count
        return Dictionary(grouping: inOrder(examples)) { example in
            let folders = example.imagePath.split(separator: "/").dropFirst(depth).dropLast()
            return folders.lazy.compactMap { DataSplit(folderName: String($0)) }.first ?? .train
        }
    }

    private static func inOrder(_ examples: [String: DetectionExample]) -> [DetectionExample] {
        examples.keys.sorted().compactMap { examples[$0] }
    }
}

/// The objects of one XML file. Corners are taken as they stand.
private struct VOCFile: Sendable {
    struct Object: Sendable {
        let name: String
        let box: Box
        /// Where it ends in the file.
        let line: Int
    }
    let objects: [Object]

    static func load(_ path: String) throws -> VOCFile {
        let reader = VOCReader()
        try XMLFile.parse(path, with: reader)
        guard reader.sawAnnotation else { throw InputError(path, "holds no element annotation") }
        if let problem = reader.problem { throw InputError(path, at: "line \(problem.line)", problem.sentence) }
        return VOCFile(objects: reader.objects)
    }
}

private final class VOCReader: BoundedXMLReader {
    var objects: [VOCFile.Object] = []
    var sawAnnotation = false
    var problem: (line: Int, sentence: String)?
    /// What the object that is being read has.
    private var fields: [String: String] = [:]

    override func begin(_ name: String, _ attributes: [String: String], line: Int) {
        if name == "annotation" { sawAnnotation = true }
        if name == "object" { fields = [:] }
    }

    override func end(_ name: String, text: String, line: Int) {
        // Parts of objects have boxes of their own, which are not meant.
        if path.last == "object" || path.suffix(2) == ["object", "bndbox"] {
            fields[name] = text.trimmingCharacters(in: .whitespacesAndNewlines)
        }
        if name == "object" { finishObject(line: line) }
    }

    private func finishObject(line: Int) {
        let corners = ["xmin", "ymin", "xmax", "ymax"].map { fields[$0].flatMap(Float.init) }
        guard let name = fields["name"], !name.isEmpty else {
            problem = problem ?? (line, "the object has no name")
            return
        }
        guard let x1 = corners[0], let y1 = corners[1], let x2 = corners[2], let y2 = corners[3] else {
            problem = problem ?? (line, "the object \(name) has no bndbox with xmin, ymin, xmax and ymax")
            return
        }
        objects.append(VOCFile.Object(name: name, box: Box(x1: x1, y1: y1, x2: x2, y2: y2), line: line))
    }
}
