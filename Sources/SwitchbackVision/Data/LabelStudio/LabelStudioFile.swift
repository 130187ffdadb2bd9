import Foundation
import Switchback
import SwitchbackFormats

/// What Label Studio exports under "JSON": a list of tasks, each an image with what people have marked in it.
package struct LabelStudioFile {
    let path: String
    private(set) var tasks: [LabelStudioTask] = []
    private(set) var problems: [InputError] = []

    /// Whether a file is a list, which no other format of annotations begins with.
    static func isList(_ path: String) -> Bool {
        path.lowercased().hasSuffix(".json") && JSONFile.head(of: path).first == UInt8(ascii: "[")
    }

    /// Whether a file of any folder is likely to be one.
    package static func isLikely(_ path: String) -> Bool {
        isList(path) && JSONFile.head(of: path, mentions: ["annotations", "annotation_id", "completions"])
    }

    /// The one in a folder; `nil` if there is none.
    ///
    /// - Throws: `InputError` where there are several: the same task may be in all of them.
    static func find(in folder: String) throws -> String? {
        let found = try Folder.names(in: folder).map { Folder.join(folder, $0) }.filter(isLikely)
        guard found.count < 2 else {
            let names = found.map { ($0 as NSString).lastPathComponent }.joined(separator: ", ")
            throw InputError(
                folder, "holds \(found.count) exports of Label Studio: \(names)", remedy: "give the path of one")
        }
        return found.first
    }

    /// - Throws: `InputError` where it cannot be read or is something else. Tasks that make no sense are in `problems`.
    init(_ path: String) throws {
        self.path = path
        if Self.isList(path), JSONFile.head(of: path, mentions: ["category_id"]) {
            throw InputError(
                path, "is a list of objects that were found, as COCO's result files are, and no data",
                remedy: "give the file of annotations that they belong to")
        }
        let read = try JSONFile.decode(
            [JSONListElement<LabelStudioTask>].self, from: JSONFile.read(path), of: path, as: "Label Studio")
        if read.isEmpty { throw InputError(path, "lists no task") }
        for (number, element) in read.enumerated() {
            switch element.result {
            case .success(let task):
                guard task.annotations != nil else {
                    throw InputError(
                        path, at: "task \(task.name(number))", "has no annotations",
                        remedy: "export the project as JSON, not as JSON-MIN")
                }
                tasks.append(task)
            case .failure(let error): problems.append(InputError(path, at: "task number \(number + 1)", error.sentence))
            }
        }
    }
}

/// An image with what people have marked in it.
struct LabelStudioTask: Decodable {
    /// What one person has said of the image.
    struct Annotation: Decodable {
        let result: [JSONListElement<LabelStudioRegion>]
        let was_cancelled, ground_truth: Bool?
        /// As texts that are in the order of the times.
        let created_at, updated_at: String?
    }

    private struct TextOrOther: Decodable {
        let text: String?

        init(from decoder: any Decoder) throws { text = try? decoder.singleValueContainer().decode(String.self) }
    }

    private enum Key: String, CodingKey { case id, data, annotations, completions, predictions }

    let id: JSONIdentifier?
    /// The texts that the task was made of, by their names: which of them is the image, the project alone knows.
    let texts: [String: String]
    let annotations: [Annotation]?
    let hasPredictions: Bool

    init(from decoder: any Decoder) throws {
        let container = try decoder.container(keyedBy: Key.self)
        id = try container.decodeIfPresent(JSONIdentifier.self, forKey: .id)
        texts =
            try container.decodeIfPresent([String: TextOrOther].self, forKey: .data)?.compactMapValues(\.text) ?? [:]
        // As they were called before version 1.0.
        let older = try container.decodeIfPresent([Annotation].self, forKey: .completions)
        annotations = try container.decodeIfPresent([Annotation].self, forKey: .annotations) ?? older
        let predictions = try? container.decodeIfPresent([TextOrOther].self, forKey: .predictions)
        hasPredictions = predictions?.isEmpty == false
    }

    func name(_ number: Int) -> String { id?.text ?? "number \(number + 1)" }

    /// Where its image is, as the project was told: under `image`, else what alone looks like an image.
    var imageText: String? {
        if let text = texts["image"] { return text }
        let likely = texts.values.filter { text in
            Image.fileExtensions.contains { text.lowercased().contains(".\($0)") }
        }
        return likely.count == 1 ? likely[0] : nil
    }

    /// The annotation that counts of those that were not skipped: the one marked as ground truth, else the one that was
    /// changed last; and a remark where there are others.
    var chosen: (annotation: Annotation, remark: String?)? {
        let kept = (annotations ?? []).filter { $0.was_cancelled != true }
        func rank(_ annotation: Annotation) -> (Int, String) {
            (annotation.ground_truth == true ? 1 : 0, annotation.updated_at ?? annotation.created_at ?? "")
        }
        let remark: String? =
            kept.count > 1
            ? "\(kept.count) people have labelled it, and one is taken: the one marked as ground truth, else the one that "
                + "was changed last" : nil
        return kept.reversed().max { rank($0) < rank($1) }.map { ($0, remark) }
    }
}

/// One thing that somebody has said of an image: a shape, its labels, a choice, or what belongs to what.
struct LabelStudioRegion: Decodable {
    struct Value: Decodable {
        /// In percent of the image's sides.
        let x, y, width, height, radiusX, radiusY: Float?
        /// In degrees.
        let rotation: Float?
        let points: [[Float]]?
        let rle: [UInt8]?
        let choices: [String]?
        /// Of the class, whatever drew the shape.
        let labels: [String]

        private enum Key: String, CodingKey, CaseIterable {
            case x, y, width, height, radiusX, radiusY, rotation, points, rle, choices
            case labels, rectanglelabels, polygonlabels, ellipselabels, keypointlabels, brushlabels
        }

        private static let labelKeys: [Key] = [
            .rectanglelabels, .polygonlabels, .ellipselabels, .keypointlabels, .brushlabels, .labels,
        ]

        init(from decoder: any Decoder) throws {
            let container = try decoder.container(keyedBy: Key.self)
            func number(_ key: Key) throws -> Float? { try container.decodeIfPresent(Float.self, forKey: key) }
            (x, y) = (try number(.x), try number(.y))
            (width, height) = (try number(.width), try number(.height))
            (radiusX, radiusY) = (try number(.radiusX), try number(.radiusY))
            rotation = try number(.rotation)
            points = try container.decodeIfPresent([[Float]].self, forKey: .points)
            rle = try container.decodeIfPresent([UInt8].self, forKey: .rle)
            choices = try container.decodeIfPresent([String].self, forKey: .choices)
            labels = try Self.labelKeys.flatMap { try container.decodeIfPresent([String].self, forKey: $0) ?? [] }
        }
    }

    let id: JSONIdentifier?
    let type: String
    let value: Value?
    /// The question that a choice answers.
    let from_name: String?
    let original_width, original_height: Int?
    /// By how many degrees the image was turned when it was marked.
    let image_rotation: Float?
    /// The region that this one belongs to.
    let parentID: JSONIdentifier?
    /// Of a relation.
    let from_id, to_id: JSONIdentifier?
}
