import Foundation
import Switchback
import SwitchbackFormats

/// Oriented boxes as DOTA's result files have them (Xia et al., 2018, Task 1): a file for each class, in which a row is an
/// image, the score, and the corners around the box in pixels.
public struct DOTAResultFiles {
    private let names: [String]
    /// Of each class.
    private var rows: [String]

    /// - Parameter names: of the classes, by number.
    public init(names: [String]) {
        self.names = names
        rows = Array(repeating: "", count: names.count)
    }

    /// - Parameter image: the name of the image's file, without an ending.
    mutating func add(_ box: RotatedBox?, of classIndex: Int, score: Float, image: String) {
        if let box { add(corners: box.corners.flatMap { [$0.x, $0.y] }, of: classIndex, score: score, image: image) }
    }

    private mutating func add(corners: [Float], of classIndex: Int, score: Float, image: String) {
        let numbers = [String(format: "%.6f", score)] + corners.map { String(format: "%.2f", $0) }
        rows[classIndex] += ([image] + numbers).joined(separator: " ") + "\n"
    }

    /// Adds what a validation found.
    ///
    /// - Parameter called: what images and classes are called in it.
    public mutating func add(_ results: [COCOResult], called names: COCONames) {
        for result in results {
            guard let corners = result.poly, let (image, classIndex) = names.meaning(of: result) else { continue }
            add(corners: corners, of: classIndex, score: result.score, image: image)
        }
    }

    /// Writes `dota/Task1_CLASS.txt` for each class.
    ///
    /// - Throws: `InputError` where that cannot be done.
    public func write(in folder: String) throws {
        for ((name, fileName), text) in zip(zip(names, names.inFileNames), rows) {
            if fileName != name { Diagnostics.warn("the class \(name) is in Task1_\(fileName).txt") }
            let path = try OutputFolder.file("Task1_\(fileName).txt", in: Folder.join(folder, "dota"))
            try AtomicFile.write(text, to: path)
        }
    }
}
