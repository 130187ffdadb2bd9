import Foundation
import Switchback
import SwitchbackFormats

/// Saves detections: images with boxes and masks, label files, crops and tables.
public final class PredictionWriter {
    /// Which results are saved.
    public struct Saves: Sendable {
        public var images, text, confidence, crops, csv, json: Bool
        /// Whether oriented boxes are saved as DOTA's result files (Xia et al., 2018), as its server takes them.
        public var dota: Bool
        /// The side of a pixel in millimeters, for the sizes of masks; pixels alone if `nil`.
        public var millimeters: Double?

        public init(
            images: Bool = true, text: Bool = false, confidence: Bool = false, crops: Bool = false,
            csv: Bool = false, json: Bool = false, dota: Bool = false, millimeters: Double? = nil
        ) {
            self.dota = dota
            self.millimeters = millimeters
            self.images = images
            self.text = text
            self.confidence = confidence
            self.crops = crops
            self.csv = csv
            self.json = json
        }

        public var isNothing: Bool { !(images || text || crops || csv || json || dota) }
    }

    private let names: [String]
    /// The classes as parts of paths, each another one.
    private let fileNames: [String]
    /// Whether keypoints have a visibility, for label files.
    private let hasVisibility: Bool
    private let saves: Saves
    private let folder: String?
    private let painter: BoxPainter
    private var rows: [Row] = []
    private var dota: DOTAResultFiles
    private var video: VideoWriter?

    /// An object, as tables have it: in pixels of the image.
    struct Row: Encodable {
        let image: String
        let track: Int?
        let `class`: String
        let confidence: Float
        let x1, y1, x2, y2: Float
        /// Of the mask, where there is one: its size in pixels and, where the scale is known, in millimeters.
        let pixels, millimeters: MaskSize?
        let segmentation: MaskText?
        /// The oriented box, where there is one.
        let rotated: RotatedBox?
        /// The keypoints in their order, where there are some.
        let keypoints: [Keypoint]?
    }

    /// - Parameters:
    ///   - folder: where files go; nowhere if `nil`.
    ///   - painter: how boxes are drawn.
    public init(
        names: [String], saves: Saves, folder: String?, keypoints: KeypointLayout? = nil, painter: BoxPainter? = nil
    ) {
        self.names = names
        fileNames = names.inFileNames
        dota = DOTAResultFiles(names: names)
        hasVisibility = keypoints?.dimensions == 3
        self.saves = saves
        self.folder = folder
        self.painter = painter ?? BoxPainter(names: names, keypoints: keypoints)
    }

    /// Saves an image's boxes.
    ///
    /// - Parameters:
    ///   - name: what files are called, without an ending.
    ///   - videoRate: frames a second, where the image is a frame of a video.
    func write(_ image: Image, _ marks: [BoxPainter.Mark], name: String, videoName: String?, videoRate: Double) throws {
        rows += marks.map { row($0, image: name) }
        if saves.dota {
            for mark in marks { dota.add(mark.rotated, of: mark.classIndex, score: mark.score ?? 1, image: name) }
        }
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
            let sizes = rows.contains { $0.pixels != nil }
            let scaled = rows.contains { $0.millimeters != nil }
            let isOriented = rows.contains { $0.rotated != nil }
            let lines = rows.map {
                [$0.image, $0.track.map { "\($0)" } ?? "", $0.class, "\($0.confidence)"].map(\.quotedForCSV)
                    + [$0.x1, $0.y1, $0.x2, $0.y2].map { "\($0)" } + ($0.pixels?.numbers ?? [])
                    + ($0.millimeters?.numbers ?? [])
                    + ($0.rotated?.numbers.map { "\($0)" } ?? [])
            }
            let header =
                ["image", "track", "class", "confidence", "x1", "y1", "x2", "y2"]
                + (sizes ? ["area", "length", "width"] : []) + (scaled ? ["area_mm2", "length_mm", "width_mm"] : [])
                + (isOriented ? ["center_x", "center_y", "width", "height", "angle"] : [])
            try write(
                ([header] + lines).map { $0.joined(separator: ",") + "\n" }.joined(), to: "boxes.csv", in: folder)
        }
        if saves.json {
            try write(JSON.text(rows, isPretty: true) + "\n", to: "boxes.json", in: folder)
        }
        if saves.dota { try dota.write(in: folder) }
    }

    private func row(_ mark: BoxPainter.Mark, image: String) -> Row {
        Row(
            image: image, track: mark.track, class: names[mark.classIndex], confidence: mark.score ?? 1,
            x1: mark.box.x1, y1: mark.box.y1, x2: mark.box.x2, y2: mark.box.y2,
            pixels: mark.mask.map { MaskSize($0) },
            millimeters: saves.millimeters.flatMap { side in mark.mask.map { MaskSize($0, pixelSize: side) } },
            segmentation: mark.mask.map(MaskText.init), rotated: mark.rotated,
            keypoints: mark.keypoints.isEmpty ? nil : mark.keypoints)
    }

    /// As labels are: the class and the box, its corners where it is oriented, or the mask's outline, in shares of the image; then the score if wanted, and
    /// the track if any. A mask of one line has no outline, and is left out.
    private func text(_ marks: [BoxPainter.Mark], _ image: Image) -> String {
        marks.map { mark in
            let (x, y) = (1 / Float(image.width), 1 / Float(image.height))
            let box = mark.box.scaled(x: x, y: y)
            let outline = mark.rotated?.corners ?? mark.mask?.outline
            if outline?.isEmpty ?? false { return "" }
            var numbers =
                outline?.flatMap { [$0.x * x, $0.y * y] } ?? [box.centerX, box.centerY, box.width, box.height]
            numbers += mark.keypoints.flatMap { [$0.x * x, $0.y * y] + (hasVisibility ? [$0.visibility] : []) }
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
        let inner = "crops/\(fileNames[mark.classIndex])"
        let ending = mark.mask == nil ? "jpg" : "png"
        let path = try OutputFolder.file("\(name)-\(number + 1).\(ending)", in: Folder.join(folder, inner))
        let part = image.cropped(top: top, left: left, height: height, width: width)
        try (mark.mask.map { part.cutOut(by: $0, top: top, left: left) } ?? part).save(to: path)
    }

    private func write(_ text: String, to name: String, in folder: String) throws {
        let path = Folder.join(folder, name)
        try AtomicFile.write(text, to: OutputFolder.file((path as NSString).lastPathComponent, in: Folder.parent(path)))
    }
}

extension Image {
    /// A part of an image that is transparent outside of a mask of the whole.
    fileprivate func cutOut(by mask: InstanceMask, top: Int, left: Int) -> Image {
        var part = converted(to: .rgba)
        for row in 0..<height {
            for column in 0..<width where !mask[row + top, column + left] {
                part.pixels[4 * (row * width + column) + 3] = 0
            }
        }
        return part
    }
}

extension MaskSize {
    fileprivate var numbers: [String] { [area, length, width].map { String(format: "%.6g", $0) } }
}

extension String {
    /// In quotes where it has a comma, a quote or a line break.
    fileprivate var quotedForCSV: String {
        contains { ",\"\n\r".contains($0) } ? "\"" + replacingOccurrences(of: "\"", with: "\"\"") + "\"" : self
    }
}
