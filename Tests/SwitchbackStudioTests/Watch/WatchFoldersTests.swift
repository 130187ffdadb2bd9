import Foundation
import SwitchbackServer
import SwitchbackStudio
import TestSupport
import Testing

/// Which run the requests that endpoints keep are of.
struct WatchFoldersTests {
    private let folder: TemporaryFolder
    private let watched: WatchFolders
    private let run = "detect/plates"

    init() throws {
        folder = try TemporaryFolder()
        watched = WatchFolders(root: folder.path("watch"), output: folder.path("runs"))
    }

    private func makeRun() throws {
        try FileManager.default.createDirectory(atPath: folder.path("runs/\(run)"), withIntermediateDirectories: true)
    }

    private func keep(_ line: String) throws -> String {
        let place = try watched.prepare(for: run)
        try line.write(toFile: "\(place)/\(RequestKeeper.linesName)", atomically: true, encoding: .utf8)
        return place
    }

    /// A run was deleted, and another one has its name: what the first one met is none of the second one's.
    @Test func requestsOfADeletedRunAreNotThoseOfTheNext() throws {
        try makeRun()
        let place = try keep("first")
        #expect(watched.runs() == [run])
        #expect(try watched.prepare(for: run) == place && watched.runs() == [run], "it goes on")
        try FileManager.default.removeItem(atPath: folder.path("runs/\(run)"))
        #expect(watched.runs().isEmpty, "of a run that is gone")
        try makeRun()
        #expect(watched.runs().isEmpty, "of another run")
        #expect(try keep("second") == place)
        #expect(watched.runs() == [run])
        let lines = "\(place)/\(RequestKeeper.linesName)"
        #expect(try String(contentsOfFile: lines, encoding: .utf8) == "second")
        // Nothing is deleted.
        let old = folder.path("watch/past/detect~plates/\(RequestKeeper.linesName)")
        #expect(try String(contentsOfFile: old, encoding: .utf8) == "first")
    }

    /// An earlier program kept requests without a word of their run.
    @Test func requestsWithoutAWordAreOfTheRunOfTheName() throws {
        try makeRun()
        let place = watched.place(of: run)
        try FileManager.default.createDirectory(atPath: place, withIntermediateDirectories: true)
        let lines = "\(place)/\(RequestKeeper.linesName)"
        try "old".write(toFile: lines, atomically: true, encoding: .utf8)
        #expect(watched.runs() == [run])
        _ = try watched.prepare(for: run)
        #expect(watched.runs() == [run])
        #expect(try String(contentsOfFile: lines, encoding: .utf8) == "old", "they were taken up")
        try FileManager.default.removeItem(atPath: folder.path("runs/\(run)"))
        #expect(watched.runs().isEmpty, "of a run that is gone")
    }

    @Test func aRunThatCannotBeWrittenIsSaid() throws {
        #expect(throws: (any Error).self) { try watched.prepare(for: run) }
        #expect(!FileManager.default.fileExists(atPath: watched.place(of: run)))
    }
}
