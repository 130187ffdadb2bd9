import Foundation
import Switchback
import SwitchbackFormats
import SwitchbackVision

/// Keeps requests about images in a folder, so that somebody can look at what a model meets: of each a line, and of those
/// that the model is least certain of the image as it was sent.
///
/// The folder stays small: there are so many images at most, of which the most certain goes first, and the lines begin
/// anew behind some megabytes, with those before kept once. Writing is done on a thread of its own, and what cannot be
/// written is left out: no answer waits for it or fails because of it.
package final class RequestKeeper: @unchecked Sendable {
    package static let linesName = "requests.jsonl"
    package static let olderLinesName = "requests.old.jsonl"
    package static let imagesName = "images"

    private let folder: String
    private let mostImages: Int
    private let lock: LockFile
    private let queue = WorkQueue("kept requests", threads: 1, limit: 64)
    // Used on the queue's only thread.
    private var images: [(name: String, uncertainty: Float)] = []
    /// The folder of images as it was when it was last written here, or looked at.
    private var seen = FileStamp()
    private var count = 0

    private static let mostLineBytes = 16 << 20

    /// - Throws: `InputError` where the folder cannot be written, or another server keeps its requests there.
    package init(_ folder: String, mostImages: Int) throws {
        (self.folder, self.mostImages) = (folder, mostImages)
        try OutputFolder.make(Folder.join(folder, Self.imagesName))
        // Images that people send are not for everybody on the machine.
        chmod(folder, 0o700)
        guard let lock = try LockFile.take(Folder.join(folder, "lock"), for: folder) else {
            throw InputError(folder, "another server keeps its requests there", remedy: "give another folder")
        }
        self.lock = lock
        let there = Self.imageNames(in: folder)
        images = Self.requests(in: folder).compactMap { request in
            request.image.flatMap { there.contains($0) ? ($0, request.uncertainty) : nil }
        }
    }

    package func stop() { queue.stop() }

    /// The names of the images that are kept in a folder.
    package static func imageNames(in folder: String) -> Set<String> {
        Set((try? Folder.names(in: Folder.join(folder, imagesName))) ?? [])
    }

    /// The requests that are kept in a folder, the oldest first. A line that is no request is passed over.
    package static func requests(in folder: String) -> [KeptRequest] {
        [olderLinesName, linesName].flatMap { name in
            ((try? TextFile.lines(Folder.join(folder, name))) ?? []).compactMap {
                JSON.value(KeptRequest.self, String($0))
            }
        }
    }

    /// - Parameters:
    ///   - upload: the image that was sent; `nil` where there was none that can be read.
    package func keep(_ request: KeptRequest, _ upload: ImageUpload?) {
        let now = Date()
        // Where too many wait, one is left out.
        try? queue.add { [self] in write(request, upload, now) }
    }

    private func write(_ request: KeptRequest, _ upload: ImageUpload?, _ now: Date) {
        var request = request
        request.time = now.timeIntervalSince1970
        if let upload {
            let light = ImageLight(upload.image)
            (request.brightness, request.contrast) = (light.brightness, light.contrast)
            (request.width, request.height) = (upload.image.width, upload.image.height)
            request.image = save(upload, now, request.uncertainty)
        }
        let path = Folder.join(folder, Self.linesName)
        if FileStamp(path).size > Self.mostLineBytes { rename(path, Folder.join(folder, Self.olderLinesName)) }
        guard let line = try? JSON.text(request) + "\n" else { return }
        let file = open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0o600)
        guard file >= 0 else { return }
        defer { close(file) }
        try? Array(line.utf8).withUnsafeBytes { try FileWriting.write($0, to: file, named: path) }
    }

    /// Saves the image, if there is room for it or one of which the model was more certain; returns its name.
    private func save(_ upload: ImageUpload, _ now: Date, _ uncertainty: Float) -> String? {
        if images.count >= mostImages { forgetTaken(now) }
        if images.count >= mostImages {
            guard let surest = images.indices.min(by: { images[$0].uncertainty < images[$1].uncertainty }),
                images[surest].uncertainty <= uncertainty
            else { return nil }
            unlink(path(images.remove(at: surest).name))
        }
        count += 1
        let name = "request-\(Int(now.timeIntervalSince1970 * 1000))-\(count).\(upload.fileExtension)"
        guard (try? AtomicFile.write(to: path(name), { try $0.append(upload.file) })) != nil else { return nil }
        images.append((name, uncertainty))
        seen = FileStamp(imageFolder)
        return name
    }

    /// Forgets the images that somebody took from the folder: looked for only where it has changed, and not by what this
    /// one wrote.
    private func forgetTaken(_ now: Date) {
        let stamp = FileStamp(imageFolder)
        if stamp == seen && !stamp.isFresh(at: now) { return }
        seen = stamp
        let there = Self.imageNames(in: folder)
        images.removeAll { !there.contains($0.name) }
    }

    private var imageFolder: String { Folder.join(folder, Self.imagesName) }
    private func path(_ name: String) -> String { Folder.join(imageFolder, name) }
}
