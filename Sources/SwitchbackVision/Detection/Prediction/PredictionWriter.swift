import Foundation
import Switchback
import SwitchbackFormats

/// Saves detections: images with boxes, label files, crops and tables.
public final class PredictionWriter {
    /// Which results are saved.
    public struct Saves: Sendable {
        public var images, text, confidence, crops, csv, json: Bool

        public init(
            images: Bool = true, text: Bool = false, confidence: Bool = false, crops: Bool = false,
            csv: Bool = false, json: Bool = false
        ) {
            self.images = images
            self.text = text
            self.confidence = confidence
            self.crops = crops
            self.csv = csv
            self.json = json
        }

        public var isNothing: Bool { !(images || text || crops || csv || json) }
    }

    private let names: [String]
    private let saves: Saves
    private let folder: String?
    private let painter: BoxPainter
    private var rows: [Row] = []
    private var video: VideoWriter?

    /// A box, as tables have it: in pixels of the image.
    struct Row: Encodable {
        let image: String
        let track: Int?
        let `class`: String
        let confidence: Float
        let x1, y1, x2, y2: Float
    }

    /// - Parameter folder: where files go; nowhere if `nil`.
    public init(names: [String], saves: Saves, folder: String?) {
        self.names = names
        self.saves = saves
        self.folder = folder
        painter = BoxPainter(names: names)
    }

    /// Saves an image's boxes.
    ///
    /// - Parameters:
    ///   - name: what files are called, without an ending.
    ///   - videoRate: frames a second, where the image is a frame of a video.
    func write(_ image: Image, _ marks: [BoxPainter.Mark], name: String, videoName: String?, videoRate: Double) throws {
        rows += marks.map { row($0, image: name) }
        guard let folder else { return }
        if saves.images {
            let painted = try painter.paint(marks, on: image)
            if let videoName {
                let writer =
                    try video
                    ?? VideoWriter(
                        Folder.join(folder, videoName + ".mp4"), height: image.height, width: image.width,
                        rate: videoRate)
                video = writer
                try writer.write(painted)
            } else {
                try painted.save(to: Folder.join(folder, name + ".jpg"))
            }
        }
        if saves.text { try write(text(marks, image), to: "labels/\(name).txt", in: folder) }
        if saves.crops {
            for (number, mark) in marks.enumerated() { try crop(mark, number, image, name: name, in: folder) }
        }
    }

    /// Completes the video.
    func finishVideo() throws {
        try video?.finish()
        video = nil
    }

    /// Completes the tables.
    func finish() throws {
        guard let folder else { return }
        if saves.csv {
            let lines = rows.map {
                [$0.image, $0.track.map { "\($0)" } ?? "", $0.class, "\($0.confidence)"].map(\.quotedForCSV)
                    + [$0.x1, $0.y1, $0.x2, $0.y2].map { "\($0)" }
            }
            let header = ["image", "track", "class", "confidence", "x1", "y1", "x2", "y2"]
            try write(
                ([header] + lines).map { $0.joined(separator: ",") + "\n" }.joined(), to: "boxes.csv", in: folder)
        }
        if saves.json {
            try write(JSON.text(rows, isPretty: true) + "\n", to: "boxes.json", in: folder)
        }
    }

    private func row(_ mark: BoxPainter.Mark, image: String) -> Row {
        Row(
            image: image, track: mark.track, class: names[mark.classIndex], confidence: mark.score ?? 1,
            x1: mark.box.x1, y1: mark.box.y1, x2: mark.box.x2, y2: mark.box.y2)
    }

    /// As labels are: the class and the box in shares of the image; then the score if wanted, and the track if any.
    private func text(_ marks: [BoxPainter.Mark], _ image: Image) -> String {
        marks.map { mark in
            let box = mark.box.scaled(x: 1 / Float(image.width), y: 1 / Float(image.height))
            var numbers = [box.centerX, box.centerY, box.width, box.height]
            if saves.confidence, let score = mark.score { numbers.append(score) }
            let fields = ["\(mark.classIndex)"] + numbers.map { String(format: "%.6f", $0) }
            return (fields + (mark.track.map { ["\($0)"] } ?? [])).joined(separator: " ") + "\n"
        }.joined()
    }

    private func crop(
        _ mark: BoxPainter.Mark, _ number: Int, _ image: Image, name: String, in folder: String
    ) throws {
        let box = mark.box.clipped(height: image.height, width: image.width)
        let (top, left) = (Int(box.y1), Int(box.x1))
        let (height, width) = (Int(box.y2.rounded(.up)) - top, Int(box.x2.rounded(.up)) - left)
        guard height > 0, width > 0 else { return }
        let inner = "crops/\(names[mark.classIndex].replacingOccurrences(of: "/", with: "_"))"
        let path = try OutputFolder.file("\(name)-\(number + 1).jpg", in: Folder.join(folder, inner))
        try image.cropped(top: top, left: left, height: height, width: width).save(to: path)
    }

    private func write(_ text: String, to name: String, in folder: String) throws {
        let path = Folder.join(folder, name)
        try AtomicFile.write(text, to: OutputFolder.file((path as NSString).lastPathComponent, in: Folder.parent(path)))
    }
}

extension String {
    /// In quotes where it has a comma, a quote or a line break.
    fileprivate var quotedForCSV: String {
        contains { ",\"\n\r".contains($0) } ? "\"" + replacingOccurrences(of: "\"", with: "\"\"") + "\"" : self
    }
}
