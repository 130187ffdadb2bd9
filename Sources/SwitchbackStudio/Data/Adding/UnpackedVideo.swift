import Foundation
import Switchback
import SwitchbackFormats
import SwitchbackVision

/// Frames of a video as files, in a folder of its own that disappears with it.
final class UnpackedVideo {
    /// In the order of the video.
    let frames: [String]
    /// What is worth knowing: that there are more, or that the video is damaged.
    let remarks: [String]
    private let folder: WorkingFolder

    static let mostFrames = 2000
    /// The endings of videos; moving images are images.
    static let extensions = ImageSource.videoExtensions.filter { !Image.fileExtensions.contains($0) }

    static func isVideo(_ path: String) -> Bool {
        extensions.contains((path as NSString).pathExtension.lowercased())
    }

    /// - Parameters:
    ///   - name: as people know the file.
    ///   - seconds: between two frames at least.
    /// - Throws: `InputError` where ffmpeg is missing, or no frame can be decoded.
    init(_ path: String, name: String, every seconds: Double, in parent: String) throws {
        folder = WorkingFolder(in: parent)
        try OutputFolder.make(folder.path)
        let found = try VideoFrames.write(
            path, as: Folder.stem(name), every: seconds, atMost: Self.mostFrames, to: folder.path)
        frames = found.paths
        var remarks =
            found.complaint.map {
                ["\(name): the video is damaged, \(found.paths.count.counted("frame")) can be decoded: \($0)"]
            } ?? []
        if frames.count == Self.mostFrames {
            remarks.append(
                "\(name): only the first \(Self.mostFrames) frames are taken; more seconds between them reach further")
        }
        self.remarks = remarks
    }
}
