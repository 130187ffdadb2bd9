import Foundation
import Switchback
import SwitchbackFormats

/// Frames of a video as image files, as many seconds apart as one likes.
package enum VideoFrames {
    /// What frames are taken from: containers alone, because lists and descriptions of streams may name other files.
    private static let containers = "matroska,webm,mov,mp4,m4a,3gp,3g2,mj2,avi,mpegts,mpeg,asf"

    /// Writes JPEG files, `NAME-00001.jpg` and so on, into a folder that is there.
    ///
    /// - Parameters:
    ///   - seconds: between two frames at least; 0 for each frame that there is.
    ///   - most: how many frames are written at most.
    /// - Returns: their paths in order, and what is wrong with the video, where it can be decoded in part.
    /// - Throws: `InputError` where ffmpeg is missing, or no frame can be decoded.
    package static func write(
        _ video: String, as name: String, every seconds: Double, atMost most: Int, to folder: String
    ) throws -> (paths: [String], complaint: String?) {
        // Times are rounded: what comes a millisecond early is still in time.
        let distance = max(0, seconds - 0.001)
        let process = try FFmpeg.process(
            "ffmpeg",
            [
                "-nostdin", "-v", "error", "-protocol_whitelist", "file", "-format_whitelist", containers,
                "-i", "file:" + video, "-map", "0:v:0",
                "-vf", "select='isnan(prev_selected_t)+gte(t-prev_selected_t,\(distance))'",
                "-fps_mode", "passthrough", "-frames:v", "\(most)", "-q:v", "2",
                // A percent sign is a place for the number, in the names of folders too.
                "-f", "image2", "file:" + Folder.join(folder, name).replacing("%", with: "%%") + "-%05d.jpg",
            ], for: video)
        process.standardOutput = FileHandle.nullDevice
        let complaint = try FFmpeg.start(process, for: video).lastLine()
        process.waitUntilExit()
        let paths = try Folder.files(under: folder, extensions: ["jpg"])
        guard !paths.isEmpty else {
            throw InputError(video, "the video cannot be decoded: \(complaint ?? "it has no frames")")
        }
        return (paths, complaint ?? (process.terminationStatus == 0 ? nil : "ffmpeg failed"))
    }
}
