import Foundation
import Switchback
import SwitchbackFormats

/// Data as Pascal VOC describes it: an XML file for each image in `Annotations`, the images in `JPEGImages` or
/// `images`, and perhaps the parts in `ImageSets/Main/*.txt`; or XML files beside their images, perhaps in a folder for
/// each part. Without parts, all is for training. Classes are numbered as `classes.txt` lists them, and others after those in
/// alphabetical order.
enum VOCData {
    /// An XML file, and the image of its name.
    private struct Pair {
        /// What lists call them.
        let name: String
        let file: String
        let image: String?
    }

    /// A file that was read.
    private struct Found {
        let pair: Pair
        let file: VOCFile
        /// Where its image is; `nil` if that is not known.
        let image: String?
    }

    static func load(_ path: String) throws -> DetectionData {
        let names = try Folder.names(in: path)
        let annotations = names.first { $0.lowercased() == "annotations" }.map { Folder.join(path, $0) }
        let pairs = try annotations.map { try Self.pairs(of: $0, path, names) } ?? pairsSideBySide(path)
        let read = ImageSurvey.map(pairs.map(\.file)) { file in Result { try VOCFile.load(file) } }
        var (problems, remarks): ([InputError], [String]) = ([], [])
        var found: [Found] = []
        for (pair, result) in zip(pairs, read) {
            do {
                let file = try result.get()
                let folder = imageFolder(path, names) ?? Folder.parent(pair.file)
                let named = file.imageName.map { Folder.join(folder, $0) }.flatMap { Folder.exists($0) ? $0 : nil }
                found.append(Found(pair: pair, file: file, image: pair.image ?? named))
            } catch {
                problems.append(error as? InputError ?? InputError(pair.file, "\(error)"))
            }
        }
        let classNames = try ClassNamesFile.names(
            in: path, occurring: Set(found.flatMap { $0.file.objects.map(\.name) }))
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

    /// The folder of the images; `nil` if they lie anywhere.
    private static func imageFolder(_ path: String, _ names: [String]) -> String? {
        names.first { ["jpegimages", "images"].contains($0.lowercased()) }.map { Folder.join(path, $0) }
    }

    private static func pairs(of folder: String, _ path: String, _ names: [String]) throws -> [Pair] {
        func bare(_ file: String, in folder: String) -> String {
            (String(file.dropFirst(folder.count).drop { $0 == "/" }) as NSString).deletingPathExtension
        }
        let place = imageFolder(path, names) ?? path
        let paths = try ImageSurvey.files(under: place)
        // In folders within the folder, annotations lie as their images do, or all images in one.
        let images = Dictionary(
            paths.map { (bare($0, in: place), $0) } + paths.map { (Folder.stem($0), $0) },
            uniquingKeysWith: { first, _ in first })
        return try Folder.files(under: folder, extensions: ["xml"]).map { file in
            let name = bare(file, in: folder)
            return Pair(name: name, file: file, image: images[name] ?? images[Folder.stem(file)])
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
        _ found: [Found], _ classNames: [String], _ problems: inout [InputError], _ remarks: inout [String]
    ) -> [String: DetectionExample] {
        let numbers = Dictionary(uniqueKeysWithValues: classNames.enumerated().map { ($1, $0) })
        let headers = ImageSurvey.map(found.map { $0.image ?? "" }) { path in
            Result { try ImageSurvey.header(path) }
        }
        var examples: [String: DetectionExample] = [:]
        for (one, header) in zip(found, headers) {
            let file = one.pair.file
            guard let image = one.image else {
                problems.append(InputError(file, "there is no image of the name \(Folder.stem(file))"))
                continue
            }
            do {
                let header = try header.get()
                let size = try MarkedSize.of(header, at: image, said: one.file.size, in: file)
                var bad: [InputError] = []
                let labels = one.file.objects.compactMap { object -> LabeledBox? in
                    do throws(ImageEdges.Problem) {
                        return try size.clipped(LabeledBox(object.box, classIndex: numbers[object.name] ?? 0)) {
                            remarks.append("\(file), line \(object.line): \($0)")
                        }
                    } catch {
                        bad.append(InputError(file, at: "line \(object.line)", size.edges.sentence(error)))
                        return nil
                    }
                }
                problems += bad
                if !bad.isEmpty { continue }
                examples[one.pair.name] = DetectionExample(
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
            let rows = try TextFile.rows(list).map { $0.trimmingCharacters(in: .whitespaces) }.filter { !$0.isEmpty }
            splits[split] = rows.compactMap { row in
                guard let name = spellings(of: row).first(where: known.contains) else {
                    strangers.append(row)
                    return nil
                }
                return examples[name]
            }
            if rows.isEmpty { problems.append(InputError(list, "names no image")) }
            if let first = strangers.first {
                problems.append(
                    InputError(list, "there are no annotations of \(strangers.count.counted("name")), such as \(first)")
                )
            }
        }
        return splits.isEmpty ? [.train: inOrder(examples)] : splits
    }

    /// What a row of a list may name. Lists of single classes have -1, 0 or 1 after the name, which may have spaces in it;
    /// some programs write the path of the image.
    private static func spellings(of row: String) -> [String] {
        let words = row.split(separator: " ")
        let names = [row, words.dropLast().joined(separator: " "), words.first.map(String.init) ?? ""]
        return names + names.map(Folder.stem)
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
