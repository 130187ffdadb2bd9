import Foundation
import Switchback
import SwitchbackFormats
import SwitchbackStudio
import SwitchbackVision
import TestSupport
import Testing

/// The routes about data on an empty folder, and what tests send them.
final class DataStudio: Sendable {
    let folder: TemporaryFolder
    let asked: AskedRoutes
    private let routes: DataRoutes

    init() throws {
        folder = try TemporaryFolder()
        let routes = DataRoutes(folder: folder.url.path, runs: folder.path("runs"))
        self.routes = routes
        asked = AskedRoutes { routes.add(to: $0) }
    }

    deinit { routes.stop() }

    /// Waits until no studio holds the data set: the threads of one that has ended let go of it a moment later.
    static func untilFree(_ folder: TemporaryFolder) async throws {
        let lock = folder.path("cells/.switchback/lock")
        while try LockFile.take(lock, for: lock) == nil { try await Task.sleep(for: .milliseconds(5)) }
    }

    func make(_ json: String = #"{"name": "cells", "classes": ["red", "white"]}"#) async throws {
        let answer = try await asked.ask("/api/v1/data", json.utf8)
        #expect(answer.status == 200, "\(answer.problem)")
    }

    func upload(
        _ bytes: [UInt8], as name: String, more: String = ""
    ) async throws
        -> AskedRoutes.Answer
    {
        let name = name.addingPercentEncoding(withAllowedCharacters: .alphanumerics) ?? name
        return try await asked.ask(
            "/api/v1/data/cells/files?name=\(name)\(more)", bytes, type: "application/octet-stream")
    }

    /// The ids of the images, in the order of the list.
    func images(_ query: String = "") async throws -> [(id: String, name: String, split: String)] {
        let answer = try await asked.get("/api/v1/data/cells/images?\(query)")
        return try (answer.fields.array("images") ?? []).map { value in
            let fields = try ConfigurationFields(value, path: "answer")
            return try (fields.string("id"), fields.string("name"), fields.string("split"))
        }
    }

    func stroke(
        _ image: String, _ id: String, _ changes: String, base: Int = 0, page: String = "p",
        more: String = ""
    ) async throws -> AskedRoutes.Answer {
        let head = #""id": "\#(id)", "who": "w", "page": "\#(page)", "base": \#(base)"#
        let body = "{\(head), \"changes\": [\(changes)]\(more)}"
        return try await asked.ask("/api/v1/data/cells/images/\(image)/edits", body.utf8)
    }
}

/// Files that tests send.
enum Sample {
    static func jpeg(_ value: UInt8, side: Int = 40) throws -> [UInt8] {
        try Image(height: side, width: side + 10, filledWith: value).jpegData()
    }

    /// An archive whose members are stored as they are.
    static func zip(
        _ members: [(name: String, bytes: [UInt8])], claiming size: Int? = nil
    )
        -> [UInt8]
    {
        func word<Word: FixedWidthInteger>(_ word: Word) -> [UInt8] {
            withUnsafeBytes(of: word.littleEndian) { Array($0) }
        }
        var (body, directory): ([UInt8], [UInt8]) = ([], [])
        for (name, bytes) in members {
            let checksum = bytes.withUnsafeBytes { Checksum.crc32($0) }
            let method: UInt16 = size == nil ? 0 : 8
            let common =
                word(UInt16(20)) + word(UInt16(0)) + word(method) + word(UInt32(0)) + word(checksum)
                + word(UInt32(bytes.count)) + word(UInt32(size ?? bytes.count))
                + word(UInt16(name.utf8.count))
                + word(UInt16(0))
            directory += word(UInt32(0x0201_4B50)) + word(UInt16(20)) + common
            directory += [UInt8](repeating: 0, count: 10) + word(UInt32(body.count)) + name.utf8
            body += word(UInt32(0x0403_4B50)) + common + name.utf8 + bytes
        }
        let count = UInt16(members.count)
        return body + directory + word(UInt32(0x0605_4B50)) + word(UInt32(0)) + word(count)
            + word(count)
            + word(UInt32(directory.count)) + word(UInt32(body.count)) + word(UInt16(0))
    }
}

extension ConfigurationFields {
    /// A list as text.
    func shown(_ name: String) throws -> String {
        let values = try array(name) ?? []
        return "\(values)"
    }
}
