import Foundation
import Switchback
import SwitchbackFormats

/// An object that was found, as a row of COCO's result files (cocodataset.org, "Results Format"), in the pixels of the
/// image. An oriented box has its corners, as in DOTA's result files, beside the upright box around it.
public struct COCOResult: Codable, Sendable {
    let image_id, category_id: JSONIdentifier
    /// Left, top, width and height.
    let bbox: [Float]
    let score: Float
    let segmentation: MaskText?
    /// x, y and the probability of being seen of each.
    let keypoints: [Float]?
    /// Center, width and height, and the angle in radians.
    let rbox: [Float]?
    /// x and y of each corner of the oriented box.
    let poly: [Float]?
}

/// What COCO's programs call the images and classes of data: by the numbers of its COCO file where it is described by one.
/// Else an image has the number that its file is called by, or its name without the ending, and a class its number from 1
/// on; COCO's own 80 classes have those of its files of 2017.
public struct COCONames: Sendable {
    private let categories: [JSONIdentifier]
    /// The paths of the images.
    private let images: [JSONIdentifier: String]

    /// - Parameter examples: those of the data that are looked at.
    /// - Throws: `InputError` where two images would be called the same.
    public init(of data: DetectionData, _ examples: [DetectionExample]) throws {
        let numbers =
            data.classNames == COCOCategories.names ? COCOCategories.numbers : Array(1...max(data.classNames.count, 1))
        categories = data.categories ?? numbers.map(JSONIdentifier.init)
        var known: [JSONIdentifier: String] = [:]
        for example in examples {
            guard let other = known.updateValue(example.imagePath, forKey: example.name) else { continue }
            throw InputError(
                example.imagePath, "it and \(other) would both have the image_id \(example.name)",
                remedy: "give one of them another name")
        }
        images = known
    }

    /// The name of the image's file, without its ending, and the number of the class of a row.
    func meaning(of row: COCOResult) -> (image: String, classIndex: Int)? {
        guard let path = images[row.image_id], let index = categories.firstIndex(of: row.category_id) else {
            return nil
        }
        return (Folder.stem(path), index)
    }

    /// The rows of an image.
    func rows(_ found: [Detection], in example: DetectionExample) -> [COCOResult] {
        found.map { detection in
            let box = detection.box
            return COCOResult(
                image_id: example.name, category_id: categories[detection.classIndex],
                bbox: [box.x1, box.y1, box.width, box.height], score: detection.score,
                segmentation: detection.mask.map(MaskText.init),
                keypoints: detection.keypoints.isEmpty
                    ? nil : detection.keypoints.flatMap { [$0.x, $0.y, $0.visibility] },
                rbox: detection.rotated?.numbers, poly: detection.rotated?.corners.flatMap { [$0.x, $0.y] })
        }
    }
}

extension DetectionExample {
    fileprivate var name: JSONIdentifier { identifier ?? JSONIdentifier(Folder.stem(imagePath)) }
}

/// A file of results, to which rows are added image by image: those of a large data set are more than memory should hold.
public final class COCOResultFile {
    private let file: AtomicFile
    private var isEmpty = true

    private init(_ file: AtomicFile) { self.file = file }

    /// Writes a file, which is there when all rows are.
    ///
    /// - Throws: `InputError` where it cannot be written, and what `body` throws.
    public static func write<Result>(to path: String, _ body: (COCOResultFile) throws -> Result) throws -> Result {
        var result: Result?
        try AtomicFile.write(to: path) { file in
            let rows = COCOResultFile(file)
            result = try body(rows)
            try file.append((rows.isEmpty ? "[]\n" : "\n]\n").utf8)
        }
        guard let result else { throw InputError(path, "the file was not written") }
        return result
    }

    public func append(_ rows: [COCOResult]) throws {
        for row in rows {
            try file.append(((isEmpty ? "[\n" : ",\n") + JSON.text(row)).utf8)
            isEmpty = false
        }
    }
}
