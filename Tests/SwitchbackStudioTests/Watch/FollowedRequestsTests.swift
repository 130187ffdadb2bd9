import Foundation
import Switchback
import SwitchbackFormats
import SwitchbackServer
import SwitchbackStudio
import TestSupport
import Testing

/// The requests that endpoints keep, as the page looks at them every few seconds.
struct FollowedRequestsTests {
    private let folder: TemporaryFolder
    private let lines: String

    init() throws {
        folder = try TemporaryFolder()
        lines = folder.path(RequestKeeper.linesName)
        try FileManager.default.createDirectory(
            atPath: folder.path(RequestKeeper.imagesName), withIntermediateDirectories: true)
    }

    private func line(_ number: Int, status: Int = 200, image: String? = nil) throws -> String {
        var request = KeptRequest(task: "detect", status: status, milliseconds: Double(number))
        (request.time, request.image) = (Double(1_700_000_000 + number), image)
        return try JSON.text(request) + "\n"
    }

    private func append(_ text: String) throws {
        if !Folder.exists(lines) { _ = try folder.write("", to: RequestKeeper.linesName) }
        let file = try FileHandle(forWritingTo: URL(fileURLWithPath: lines))
        try file.seekToEnd()
        try file.write(contentsOf: Data(text.utf8))
        try file.close()
    }

    @Test func eachLookReadsWhatIsNew() throws {
        let followed = FollowedRequests(folder.url.path)
        #expect(followed.look().count == 0)
        for number in 0..<200 { try append(line(number, status: number % 10 == 0 ? 400 : 200)) }
        let met = followed.look()
        #expect(met.count == 200 && met.errors == 20)
        let before = followed.bytesRead
        #expect(followed.look().count == 200 && followed.bytesRead == before, "nothing is new")
        let new = try line(200)
        try append(new)
        #expect(followed.look().count == 201)
        #expect(followed.bytesRead == before + new.utf8.count)
    }

    /// A line that is being written counts once it is there; what is none is passed over.
    @Test func halfALineIsNone() throws {
        let followed = FollowedRequests(folder.url.path)
        let second = try line(1)
        try append(line(0) + second.prefix(20))
        #expect(followed.look().count == 1)
        try append(second.dropFirst(20) + "{\"time\": \n" + line(2))
        #expect(followed.look().count == 3)
    }

    /// The lines begin anew, and those before are kept once.
    @Test func filesThatTakeTheirTurnsAreToldApart() throws {
        let followed = FollowedRequests(folder.url.path)
        let older = folder.path(RequestKeeper.olderLinesName)
        try append(line(0) + line(1))
        #expect(followed.look().count == 2)
        try FileManager.default.moveItem(atPath: lines, toPath: older)
        try append(line(2))
        let before = followed.bytesRead
        #expect(followed.look().count == 3)
        #expect(followed.bytesRead == before + (try line(2).utf8.count), "the older ones were read")
        for number in 3..<9 {
            try FileManager.default.removeItem(atPath: older)
            try FileManager.default.moveItem(atPath: lines, toPath: older)
            try append(line(number))
            #expect(followed.look().count == 2, "\(number)")
        }
        // Somebody empties the folder.
        try FileManager.default.removeItem(atPath: older)
        try FileManager.default.removeItem(atPath: lines)
        #expect(followed.look().count == 0)
    }

    @Test func imagesThatAreGoneAreForgotten() throws {
        let followed = FollowedRequests(folder.url.path)
        try append(line(0, image: "a.jpg") + line(1, image: "b.jpg") + line(2, status: 500, image: "c.jpg"))
        for name in ["a.jpg", "b.jpg"] { _ = try folder.write("", to: "\(RequestKeeper.imagesName)/\(name)") }
        #expect(followed.look().withImages.map(\.image) == ["a.jpg", "b.jpg"])
        try FileManager.default.removeItem(atPath: folder.path("\(RequestKeeper.imagesName)/a.jpg"))
        #expect(followed.look().withImages.map(\.image) == ["b.jpg"])
    }

    /// What is known of a file is of that file: not of another one that has taken its name.
    @Test func whatIsKeptOfAFileGoesWithIt() throws {
        let kept = KeptByFile<String>()
        var looks = 0
        func look(_ path: String, _ value: String?) -> String? {
            kept.value(of: path) { _ in
                looks += 1
                return value
            }
        }
        /// A file that was written a while ago: of one that is new, another one may have the same time.
        func write(_ text: String, _ name: String) throws -> String {
            let path = try folder.write(text, to: name)
            try FileManager.default.setAttributes(
                [.modificationDate: Date(timeIntervalSinceNow: -60)], ofItemAtPath: path)
            return path
        }
        let (first, second) = (try write("1", "first"), try write("2", "second"))
        #expect(look(first, "a") == "a" && look(first, "b") == "a" && looks == 1)
        _ = try write("10", "first")
        #expect(look(first, "b") == "b" && looks == 2)
        try FileManager.default.removeItem(atPath: first)
        #expect(look(second, "c") == "c" && kept.count == 1, "the first is gone")
        #expect(look(first, nil) == nil && look(first, "d") == "d" && looks == 5)
        let new = try folder.write("1", to: "new")
        #expect(look(new, "e") == "e")
        _ = try folder.write("2", to: "new")
        #expect(look(new, "f") == "f", "within a tick of the clock")
    }
}
