import Foundation
import Switchback

#if canImport(FoundationXML)
import FoundationXML
#endif

/// Data as Pascal VOC describes it: an XML file for each picture in `Annotations`, the pictures in `JPEGImages` or
/// `images`, and perhaps the parts in `ImageSets/Main/*.txt`. Without these, all is for training. Classes are numbered in
/// alphabetical order.
enum VOCData {
    static func load(_ path: String) throws -> DetectionData {
        let names = try Folder.names(in: path)
        func inner(_ candidates: [String]) -> String? {
            names.first { candidates.contains($0.lowercased()) }.map { Folder.join(path, $0) }
        }
        guard let folder = inner(["annotations"]) else {
            throw InputError(path, "the folder Annotations is missing")
        }
        let pictures = try pictures(in: inner(["jpegimages", "images"]) ?? path)
        let files = try Folder.names(in: folder).filter { $0.hasSuffix(".xml") }.map { Folder.join(folder, $0) }
        let read = ImageSurvey.map(files) { file in Result { try VOCFile.load(file) } }
        var problems: [InputError] = []
        var found: [String: VOCFile] = [:]
        for (file, result) in zip(files, read) {
            do {
                found[Folder.stem(file)] = try result.get()
            } catch {
                problems.append(error as? InputError ?? InputError(file, "\(error)"))
            }
        }
        let classNames = Set(found.values.flatMap { $0.objects.map(\.name) }).sorted()
        let examples = try examples(found, folder, pictures, classNames, &problems)
        return DetectionData(
            kind: "Pascal VOC annotations", path: path, classNames: classNames,
            splits: try parts(path, examples), problems: problems)
    }

    /// The pictures by name without ending.
    private static func pictures(in folder: String) throws -> [String: String] {
        let paths = try ImageSurvey.files(under: folder)
        return Dictionary(paths.map { (Folder.stem($0), $0) }, uniquingKeysWith: { first, _ in first })
    }

    private static func examples(
        _ files: [String: VOCFile], _ folder: String, _ pictures: [String: String], _ classNames: [String],
        _ problems: inout [InputError]
    ) throws -> [String: DetectionExample] {
        let numbers = Dictionary(uniqueKeysWithValues: classNames.enumerated().map { ($1, $0) })
        let stems = files.keys.sorted()
        let headers = ImageSurvey.map(stems.map { pictures[$0] ?? $0 }) { path in
            Result { try ImageSurvey.header(path) }
        }
        var examples: [String: DetectionExample] = [:]
        for (stem, header) in zip(stems, headers) {
            let file = Folder.join(folder, stem + ".xml")
            guard let picture = pictures[stem], let objects = files[stem]?.objects else {
                problems.append(InputError(file, "there is no picture of the name \(stem)"))
                continue
            }
            do {
                let header = try header.get()
                var bad: [InputError] = []
                let labels = objects.compactMap { object in
                    PixelBoxes.label(
                        object.box, numbers[object.name] ?? 0, height: header.height, width: header.width,
                        refuse: { bad.append(InputError(file, at: "line \(object.line)", $0)) })
                }
                problems += bad
                if !bad.isEmpty { continue }
                examples[stem] = DetectionExample(
                    imagePath: picture, height: header.height, width: header.width, labels: labels)
            } catch {
                problems.append(error as? InputError ?? InputError(picture, "\(error)"))
            }
        }
        return examples
    }

    private static func parts(
        _ path: String, _ examples: [String: DetectionExample]
    ) throws -> [DataSplit: [DetectionExample]] {
        let folder = Folder.join(path, "ImageSets/Main")
        var splits: [DataSplit: [DetectionExample]] = [:]
        for split in DataSplit.allCases {
            let list = Folder.join(folder, "\(split.rawValue).txt")
            guard Folder.exists(list) else { continue }
            splits[split] = try Folder.text(list).split(whereSeparator: \.isNewline).compactMap { line in
                line.split(separator: " ").first.flatMap { examples[String($0)] }
            }
        }
        if splits.isEmpty { splits[.train] = examples.keys.sorted().compactMap { examples[$0] } }
        return splits
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
        guard let data = FileManager.default.contents(atPath: path) else {
            throw InputError(path, "the file cannot be read")
        }
        // The parser ends the program where an attribute is none.
        guard String(data: data, encoding: .utf8) != nil else { throw InputError(path, "is no text in UTF-8") }
        let parser = XMLParser(data: data)
        let reader = VOCReader()
        parser.delegate = reader
        guard parser.parse(), reader.isAtEnd else {
            throw InputError(path, at: "line \(parser.lineNumber)", "is no XML")
        }
        guard reader.sawAnnotation else { throw InputError(path, "holds no element annotation") }
        if let problem = reader.problem { throw InputError(path, at: "line \(problem.line)", problem.sentence) }
        return VOCFile(objects: reader.objects)
    }
}

private final class VOCReader: NSObject, XMLParserDelegate {
    var objects: [VOCFile.Object] = []
    var sawAnnotation = false
    var problem: (line: Int, sentence: String)?

    /// Whether all elements that were opened have been closed.
    var isAtEnd: Bool { path.isEmpty }

    /// The names of the open elements.
    private var path: [String] = []
    private var text = ""
    /// What the object that is being read has.
    private var fields: [String: String] = [:]

    func parser(
        _ parser: XMLParser, didStartElement elementName: String, namespaceURI: String?, qualifiedName: String?,
        attributes: [String: String]
    ) {
        path.append(elementName)
        text = ""
        if elementName == "annotation" { sawAnnotation = true }
        if elementName == "object" { fields = [:] }
    }

    func parser(_ parser: XMLParser, foundCharacters string: String) { text += string }

    func parser(
        _ parser: XMLParser, didEndElement elementName: String, namespaceURI: String?, qualifiedName: String?
    ) {
        path.removeLast()
        // Parts of objects have boxes of their own, which are not meant.
        if path.last == "object" || path.suffix(2) == ["object", "bndbox"] {
            fields[elementName] = text.trimmingCharacters(in: .whitespacesAndNewlines)
        }
        if elementName == "object" { finishObject(line: parser.lineNumber) }
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
