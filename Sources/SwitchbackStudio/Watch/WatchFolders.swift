import Foundation
import Switchback
import SwitchbackFormats
import SwitchbackServer
import SwitchbackTraining
import SwitchbackVision

/// Where endpoints keep their requests: `.studio/watch/TASK~NAME`.
///
/// A run that was deleted leaves its requests behind, and another one may take its name. So each run has a word of its own
/// in its folder, which stands in the folder of its requests, too: what has another word is none of this run's. Requests that
/// were kept before runs had words are of the one that has the name.
package struct WatchFolders: Sendable {
    let root: String
    /// The folder that runs are saved in.
    let output: String

    /// In the folder of a run, and in that of its requests.
    private static let wordName = ".identity"
    /// Below the root, what was kept of runs that are gone.
    private static let pastName = "past"

    package init(root: String, output: String) { (self.root, self.output) = (root, output) }

    /// The folder of a run's requests, there or not.
    package func place(of run: String) -> String { Folder.join(root, run.replacing("/", with: "~")) }

    /// The runs that requests were kept of, the one with the newest first.
    package func runs() -> [String] {
        let names = (try? Folder.names(in: root)) ?? []
        let stamps = names.map { ($0, FileStamp(Folder.join(root, "\($0)/\(RequestKeeper.linesName)"))) }
        return stamps.filter { $0.1.size > 0 }.sorted { $0.1.changed > $1.1.changed }
            .map { $0.0.replacing("~", with: "/", maxReplacements: 1) }.filter(isOwn)
    }

    /// Whether what was kept under the name of a run is of the one that has the name now.
    private func isOwn(_ run: String) -> Bool {
        let (folder, kept) = (Folder.join(output, run), Self.word(in: place(of: run)))
        return Folder.isFolder(folder) && (kept == nil || kept == Self.word(in: folder))
    }

    private static func word(in folder: String) -> String? { try? TextFile.read(Folder.join(folder, wordName)) }

    /// The folder for the requests of a run, made ready: what was kept of another run of the name is set aside.
    ///
    /// - Throws: `InputError` where it, or the folder of the run, cannot be written.
    package func prepare(for run: String) throws -> String {
        let (folder, place) = (Folder.join(output, run), place(of: run))
        let word = Self.word(in: folder) ?? UUID().uuidString
        if Self.word(in: folder) == nil { try AtomicFile.write(word, to: Folder.join(folder, Self.wordName)) }
        if let kept = Self.word(in: place), kept != word { try setAside(place) }
        try OutputFolder.make(place)
        try AtomicFile.write(word, to: Folder.join(place, Self.wordName))
        return place
    }

    private func setAside(_ place: String) throws {
        let past = Folder.join(root, Self.pastName)
        try OutputFolder.make(past)
        let name = (place as NSString).lastPathComponent
        var (target, number) = (Folder.join(past, name), 2)
        while Folder.exists(target) {
            target = Folder.join(past, "\(name)-\(number)")
            number += 1
        }
        guard rename(place, target) == 0 else { throw InputError(place, cannot: "moved", errno) }
    }

    /// The folder of a run. It is looked up among those that are there: no path is made of what a client sends.
    func path(of run: String) throws -> String {
        guard let known = runs().first(where: { $0.isExactly(run) }) else {
            throw APIError.notFound("no endpoint has kept requests of this run")
        }
        return place(of: known)
    }

    /// The path of a kept image, looked up in the same way.
    func image(_ name: String, of run: String) throws -> String {
        let folder = try path(of: run)
        guard let known = RequestKeeper.imageNames(in: folder).first(where: { $0.isExactly(name) }) else {
            throw APIError.notFound("there is no such image; it may have been labelled, or made room for another")
        }
        return Folder.join(folder, "\(RequestKeeper.imagesName)/\(known)")
    }
}
