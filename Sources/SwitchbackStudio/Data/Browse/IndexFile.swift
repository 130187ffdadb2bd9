import Foundation
import Switchback
import SwitchbackFormats
import SwitchbackVision

/// What was known of the images of a large data set when it was last looked at: kept between starts, because to open
/// 100,000 images and files of labels takes a minute, and to ask for their sizes and times a second.
///
/// A line for each image, numbers with spaces between them, and a last line with the checksum of the others. What does not
/// suit a file's size and time any more is read anew, and so is all of it where the file is damaged: it is a cache, and
/// the folders are the truth.
struct IndexFile: Sendable {
    private let path: String
    private let head: String

    /// Smaller data sets are looked at faster than this file is worth.
    static let leastImages = 1000

    /// - Parameters:
    ///   - folder: of what the studio keeps about the data set.
    ///   - keypoints: those that objects have: with others, lines of labels say something else.
    init(in folder: String, _ keypoints: KeypointLayout?) {
        path = Folder.join(folder, "index")
        head = "switchback index 3, keypoints " + (keypoints.map { "\($0.count)×\($0.dimensions)" } ?? "none")
    }

    /// The images, without their paths and splits, which are looked up in any case.
    func read() -> [IndexedImage] {
        guard let text = try? TextFile.read(path), text.hasPrefix(head + "\n") else { return [] }
        let body = text.dropLast(9)
        guard text.hasSuffix("\n"), let sum = UInt32(text.suffix(9).dropLast(), radix: 16),
            Checksum.crc32(String(body)) == sum
        else { return [] }
        // Bytes are told apart ten times faster than characters.
        return body.utf8.split(separator: UInt8(ascii: "\n")).dropFirst().compactMap { IndexedImage(line: $0) }
    }

    /// - Parameter moment: when the look at the folders began: what was changed just before it might be changed again
    ///   without another time.
    func write(_ images: [IndexedImage], lookedAt moment: Date) throws {
        var text = head + "\n"
        for image in images { text += image.line(lookedAt: moment) + "\n" }
        try OutputFolder.make(Folder.parent(path))
        try AtomicFile.write(text + String(format: "%08x\n", Checksum.crc32(text)), to: path)
    }
}

extension IndexedImage {
    fileprivate func line(lookedAt moment: Date) -> String {
        func words(_ stamp: FileStamp) -> [String] {
            let known = stamp.isFresh(at: moment) ? FileStamp() : stamp
            return ["\(known.size)", "\(known.changed)"]
        }
        let marks = marks.map { "\($0.classIndex):\($0.side):\($0.cell)" }
        let head = [String(id, radix: 16), "\(width)", "\(height)", state.rawValue]
        return (head + words(imageStamp) + words(labelStamp) + marks).joined(separator: " ")
    }

    /// `nil` where the line is none.
    fileprivate init?(line: Substring.UTF8View) {
        let words = line.split(separator: UInt8(ascii: " ")).map { Substring($0) }
        guard words.count >= 8, let id = UInt64(words[0], radix: 16), let width = Int32(words[1]),
            let height = Int32(words[2]), let state = State(rawValue: String(words[3]))
        else { return nil }
        let numbers = words[4..<8].compactMap { Int64($0) }
        let marks = words[8...].compactMap { Mark(word: $0) }
        guard numbers.count == 4, marks.count == words.count - 8 else { return nil }
        self.init(id: id, place: ImagePlace(folder: "", name: ""), split: .train)
        (self.width, self.height, self.state, self.marks) = (width, height, state, marks)
        (imageStamp.size, imageStamp.changed) = (numbers[0], numbers[1])
        (labelStamp.size, labelStamp.changed) = (numbers[2], numbers[3])
    }
}

extension IndexedImage.Mark {
    fileprivate init?(word: Substring) {
        let parts = word.utf8.split(separator: UInt8(ascii: ":")).map { Substring($0) }
        guard parts.count == 3, let index = UInt16(parts[0]), let side = UInt8(parts[1]), let cell = UInt16(parts[2])
        else { return nil }
        (classIndex, self.side, self.cell) = (index, side, cell)
    }
}
