import Foundation
import Switchback

#if canImport(FoundationXML)
import FoundationXML
#endif

/// What one XML file of Pascal VOC says of an image. Corners are taken as they stand.
struct VOCFile: Sendable {
    struct Object: Sendable {
        let name: String
        let box: Box
        /// Where it ends in the file.
        let line: Int
    }
    let objects: [Object]
    /// What the file calls its image.
    let imageName: String?
    /// The sides of the image whose pixels the corners count, where the file says so.
    let size: MarkedSize?

    /// - Throws: `InputError` where it cannot be read, or an object has no name or no box.
    static func load(_ path: String) throws -> VOCFile {
        let reader = VOCReader()
        try XMLFile.parse(path, with: reader)
        guard reader.sawAnnotation else { throw InputError(path, "holds no element annotation") }
        if let problem = reader.problem { throw InputError(path, at: "line \(problem.line)", problem.sentence) }
        let size = MarkedSize(height: reader.sides["height"], width: reader.sides["width"])
        return VOCFile(objects: reader.objects, imageName: reader.imageName, size: size)
    }
}

private final class VOCReader: BoundedXMLReader {
    private(set) var objects: [VOCFile.Object] = []
    private(set) var sawAnnotation = false
    private(set) var imageName: String?
    private(set) var sides: [String: Int] = [:]
    private(set) var problem: (line: Int, sentence: String)?
    /// What the object that is being read has.
    private var fields: [String: String] = [:]

    override func begin(_ name: String, _ attributes: [String: String], line: Int) {
        if name == "annotation" { sawAnnotation = true }
        if name == "object" { fields = [:] }
    }

    override func end(_ name: String, text: String, line: Int) {
        let text = text.trimmingCharacters(in: .whitespacesAndNewlines)
        // Parts of objects have boxes of their own, which are not meant.
        if path.last == "object" || path.suffix(2) == ["object", "bndbox"] { fields[name] = text }
        if path == ["annotation", "size"] { sides[name] = Float(text).flatMap { Int(exactly: $0) } }
        if path == ["annotation"], name == "filename", !text.isEmpty {
            imageName = (text as NSString).lastPathComponent
        }
        if name == "object" { finishObject(line: line) }
    }

    private func finishObject(line: Int) {
        func refuse(_ sentence: String) { problem = problem ?? (line, sentence) }
        guard let name = fields["name"], !name.isEmpty else { return refuse("the object has no name") }
        var corners: [Float] = []
        for key in ["xmin", "ymin", "xmax", "ymax"] {
            guard let text = fields[key] else {
                return refuse("the object \(name) has no bndbox with xmin, ymin, xmax and ymax")
            }
            guard let corner = Float(text), corner.isFinite else {
                return refuse("the \(key) of the object \(name) is '\(text)', which is not a number")
            }
            corners.append(corner)
        }
        let box = Box(x1: corners[0], y1: corners[1], x2: corners[2], y2: corners[3])
        objects.append(VOCFile.Object(name: name, box: box, line: line))
    }
}
