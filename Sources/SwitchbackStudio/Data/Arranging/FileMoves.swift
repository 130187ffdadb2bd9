import Foundation
import Switchback
import SwitchbackFormats

/// Files that change their places together: all of them do, also where the program is killed in between, and they can be
/// put back.
///
/// What is to be done is on disk before it is begun, as `moves/ID.json`. A studio that finds such a file without the mark
/// that it was done does the rest of it.
struct FileMoves: Codable, Sendable {
    struct Move: Codable, Equatable, Sendable {
        let from, to: String
    }

    /// By which a page asks that they be taken back.
    let id: String
    let moves: [Move]
    var isDone = false

    init(_ moves: [Move]) { (id, self.moves) = (UUID().uuidString, moves) }

    private static func folder(in state: String) -> String { Folder.join(state, "moves") }
    private static func file(_ id: String, in state: String) -> String { Folder.join(folder(in: state), id + ".json") }

    /// Moves the files. Each place that one goes to must be free, and no two may go to one.
    ///
    /// - Parameter state: the folder of what the studio keeps about the data set.
    /// - Throws: `InputError` where a place is taken, and then nothing is moved; or the disk cannot be written.
    mutating func perform(in state: String) throws {
        var taken: Set<String> = []
        for move in moves where !taken.insert(move.to).inserted || Folder.exists(move.to) {
            throw InputError(move.to, "exists already", remedy: "rename one of the two images")
        }
        try OutputFolder.make(Self.folder(in: state))
        try save(in: state)
        try finish(in: state)
    }

    private func save(in state: String) throws { try AtomicFile.write(JSON.text(self), to: Self.file(id, in: state)) }

    /// Does what is left to do.
    private mutating func finish(in state: String) throws {
        for move in moves where Folder.exists(move.from) && !Folder.exists(move.to) {
            try OutputFolder.make(Folder.parent(move.to))
            guard rename(move.from, move.to) == 0 else { throw InputError(move.from, cannot: "moved", errno) }
        }
        isDone = true
        try save(in: state)
    }

    // MARK: Later

    /// Puts the files of an earlier move back, as far as they are where it put them.
    ///
    /// - Throws: `InputError` where there was none of that id, or an old place is taken.
    static func takeBack(_ id: String, in state: String) throws -> FileMoves {
        guard let moves = all(in: state).first(where: { $0.id.isExactly(id) }) else {
            throw InputError("request", at: "field id", "nothing was moved under this id, or it was taken back already")
        }
        var back = FileMoves(
            moves.moves.reversed().filter { Folder.exists($0.to) }.map { Move(from: $0.to, to: $0.from) })
        try back.perform(in: state)
        for done in [moves.id, back.id] { unlink(file(done, in: state)) }
        return back
    }

    private static func all(in state: String) -> [FileMoves] {
        let names = (try? FileManager.default.contentsOfDirectory(atPath: folder(in: state))) ?? []
        return names.filter { $0.hasSuffix(".json") }.compactMap {
            FileManager.default.contents(atPath: Folder.join(folder(in: state), $0))
                .flatMap { try? JSON.decode(FileMoves.self, $0) }
        }
    }

    /// Whether a studio was killed in the midst of some.
    static func areUnfinished(in state: String) -> Bool { all(in: state).contains { !$0.isDone } }

    /// Completes what a studio that was killed had begun, and forgets what is older than a month. Only for the studio that
    /// holds the data set: another one may be in the midst of them.
    ///
    /// - Returns: whether there was something to complete.
    static func recover(in state: String) -> Bool {
        let unfinished = all(in: state).filter { !$0.isDone }
        for var moves in unfinished { try? moves.finish(in: state) }
        let monthAgo = Date(timeIntervalSinceNow: -30 * 86_400)
        for folder in [folder(in: state), trash(in: state)] {
            for name in (try? FileManager.default.contentsOfDirectory(atPath: folder)) ?? [] {
                let path = Folder.join(folder, name)
                let changed = try? FileManager.default.attributesOfItem(atPath: path)[.modificationDate] as? Date
                if let changed, changed < monthAgo { try? FileManager.default.removeItem(atPath: path) }
            }
        }
        return !unfinished.isEmpty
    }

    /// Where deleted files are kept for a month, in a folder for each deletion.
    static func trash(in state: String) -> String { Folder.join(state, "trash") }
}

extension DataFolder {
    /// Where an image goes below a folder of the trash: also one that lies outside the data set's folder.
    func trashPlace(of image: IndexedImage, in trash: String) -> String {
        Folder.join(trash, String(relativePath(image.path).drop { $0 == "/" }))
    }
}
