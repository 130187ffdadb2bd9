import Foundation
import Switchback
import SwitchbackFormats
import SwitchbackStudio
import SwitchbackVision
import TestSupport
import Testing

/// Data sets and their images, over HTTP.
struct DataRoutesTests {
    @Test func aDataSetIsMadeFilledAndListed() async throws {
        let studio = try DataStudio()
        try await studio.make()
        for number in 0..<10 {
            let answer = try await studio.upload(Sample.jpeg(UInt8(20 * number)), as: "image \(number).jpg")
            #expect(try answer.fields.integer("added") == 1)
        }
        let images = try await studio.images()
        #expect(
            images.count == 10 && images.count { $0.split == "val" } == 2, "a fifth is for validation"
        )
        let facts = try await studio.asked.get("/api/v1/data/cells").fields
        let parts = try (facts.array("parts") ?? []).map { try ConfigurationFields($0, path: "answer") }
        #expect(try parts.map { try $0.integer("unlabeled") } == [8, 2])
        let list = try await studio.asked.get("/api/v1/data").fields.array("sets") ?? []
        #expect(try ConfigurationFields(list[0], path: "answer").integer("images") == 10)
        let again = try await studio.upload(Sample.jpeg(0), as: "image 0.jpg").fields
        #expect(
            try again.integer("known") == 1 && again.integer("added", minimum: 0) == 0,
            "the same file again")
        let other = try await studio.upload(Sample.jpeg(7), as: "image 0.jpg").fields
        #expect(try other.integer("added") == 1, "another one of the same name")
        #expect(
            try await studio.images("q=image%200").map(\.name).sorted() == [
                "image 0-2.jpg", "image 0.jpg",
            ])
    }

    /// Whoever labels the first few has some to validate with: images of all splits come by turns.
    @Test func imagesOfAllSplitsComeByTurns() async throws {
        let studio = try DataStudio()
        try await studio.make()
        for number in 0..<10 {
            let name = "image \(number).jpg"
            _ = try await studio.upload(
                Sample.jpeg(UInt8(20 * number)), as: name, more: number < 8 ? "&split=train" : "&split=val")
        }
        let query = "state=unlabeled&order=mixed"
        let images = try await studio.images(query)
        #expect(images.map(\.split).prefix(5).count { $0 == "val" } == 1 && images.count == 10)
        // One that was labelled meanwhile keeps its place in the list.
        _ = try await studio.stroke(images[4].id, "e", "", more: ", \"labeled\": true")
        let around = try await studio.images("\(query)&around=\(images[4].id)&before=2&count=5")
        #expect(around.map(\.id) == images[2...6].map(\.id))
        #expect(try await studio.images("\(query)").count == 9)
    }

    @Test(arguments: [
        (#"{"name": "../out", "classes": ["a"]}"#, "field name"),
        (#"{"name": ".x", "classes": ["a"]}"#, "field name"),
        (#"{"name": "a/b", "classes": ["a"]}"#, "field name"),
        (#"{"name": "", "classes": ["a"]}"#, "field name"),
        (#"{"name": "x", "classes": []}"#, "field classes"),
        (#"{"name": "x", "classes": ["a", "a"]}"#, "twice"),
        (#"{"name": "x", "classes": [1]}"#, "field classes"),
        (#"{"name": "x", "clases": ["a"]}"#, "did you mean classes"),
        (#"{"name": "x", "classes": ["a"], "kind": "boxs"}"#, "did you mean boxes"),
        ("[]", "JSON object"),
    ])
    func oddDataSetsAreRefused(json: String, problem: String) async throws {
        let studio = try DataStudio()
        let answer = try await studio.asked.ask("/api/v1/data", json.utf8)
        #expect(answer.status == 400 && answer.problem.contains(problem), "\(answer.problem)")
        #expect(studio.folder.contents.isEmpty)
    }

    @Test func namesMayHaveSpacesAndLettersOfAnyLanguage() async throws {
        let studio = try DataStudio()
        try await studio.make(#"{"name": "çizik 划痕", "classes": ["a"]}"#)
        let path = "/api/v1/data/%C3%A7izik%20%E5%88%92%E7%97%95"
        #expect(try await studio.asked.get(path).fields.string("name") == "çizik 划痕")
    }

    @Test func foreignPathsLeadNowhere() async throws {
        let studio = try DataStudio()
        try await studio.make()
        _ = try await studio.upload(Sample.jpeg(1), as: "a.jpg")
        for path in [
            "..", "%2e%2e", "cells%2f..%2f..", "cells/images/../../x/labels", "no",
            "cells/images/%2e%2e/thumb",
        ] {
            let answer = try await studio.asked.get("/api/v1/data/\(path)")
            #expect(answer.status == 404, "\(path): \(answer.status)")
        }
        let near = try await studio.asked.get("/api/v1/data/cels")
        #expect(near.problem.contains("did you mean cells"))
        for name in ["../../escape.jpg", "..\\escape.jpg", "/escape.jpg"] {
            #expect(try await studio.upload(Sample.jpeg(9), as: name).status == 200)
        }
        let names = try await studio.images("q=escape").map(\.name)
        #expect(names.first == "escape.jpg", "the last part of a path is the name")
        #expect(studio.folder.contents == ["cells"])
        #expect(try await studio.upload(Sample.jpeg(9), as: "..").status == 400)
    }

    @Test func simpleRequestsOfOtherPagesAreRefused() async throws {
        let studio = try DataStudio()
        try await studio.make()
        for type in [
            "text/plain", "multipart/form-data; boundary=x", "application/x-www-form-urlencoded",
        ] {
            for path in [
                "", "/cells/exports", "/cells/files?name=a.jpg", "/cells/check/mend", "/cells/classes",
            ] {
                let answer = try await studio.asked.ask("/api/v1/data\(path)", "{}".utf8, type: type)
                #expect(answer.status == 415, "\(path) \(type)")
            }
        }
    }

    @Test func whatIsNoImageIsRefused() async throws {
        let studio = try DataStudio()
        try await studio.make()
        let whole = try Sample.jpeg(50, side: 300)
        let half = Array(whole.prefix(whole.count / 2))
        for (bytes, name, problem) in [
            (Array("hello".utf8), "a.jpg", "is not a JPEG"), (half, "b.jpg", "cut short"),
            (Self.hugePNG, "c.png", "pixels"),
        ] {
            let answer = try await studio.upload(bytes, as: name).fields
            let problems = try answer.array("problems") ?? []
            #expect(problems.count == 1 && "\(problems[0])".contains(problem), "\(problems)")
            #expect("\(problems[0])".contains(name) && !"\(problems[0])".contains(studio.folder.url.path))
        }
        #expect(try await studio.upload(Array("x".utf8), as: "a.exe").status == 400)
        #expect(try await studio.upload([], as: "a.jpg").problem.contains("empty"))
        #expect(try await studio.images().isEmpty)
        let left = studio.folder.path("cells/.switchback/uploads")
        #expect(try FileManager.default.contentsOfDirectory(atPath: left).isEmpty)
    }

    /// The head of a PNG file of 60,000×60,000 pixels.
    private static var hugePNG: [UInt8] {
        func chunk(_ name: String, _ bytes: [UInt8]) -> [UInt8] {
            let body = Array(name.utf8) + bytes
            let checksum = body.withUnsafeBytes { Checksum.crc32($0) }
            return withUnsafeBytes(of: UInt32(bytes.count).bigEndian) { Array($0) } + body
                + withUnsafeBytes(of: checksum.bigEndian) { Array($0) }
        }
        let side: [UInt8] = [0, 0, 0xEA, 0x60]
        return [0x89, 0x50, 0x4E, 0x47, 0x0D, 0x0A, 0x1A, 0x0A]
            + chunk("IHDR", side + side + [8, 2, 0, 0, 0])
            + chunk("IDAT", []) + chunk("IEND", [])
    }

    @Test func imagesAreEncodedAgain() async throws {
        let studio = try DataStudio()
        try await studio.make()
        // A file that is an image and something else too: what stands behind the pixels must not reach a browser.
        let bytes = try Sample.jpeg(60, side: 400) + Array("<script>alert(1)</script>".utf8)
        _ = try await studio.upload(bytes, as: "a.jpg")
        let id = try #require(try await studio.images().first?.id)
        for (kind, side) in [("thumb", 256), ("view", 410)] {
            let answer = try await studio.asked.get("/api/v1/data/cells/images/\(id)/\(kind)")
            #expect(answer.status == 200 && answer.type == "image/jpeg" && answer.bytes != bytes)
            #expect(!String(decoding: answer.bytes, as: UTF8.self).contains("script"))
            let image = try answer.bytes.withUnsafeBytes { try Image.decode($0, name: "answer") }
            #expect(max(image.width, image.height) == side)
        }
        let kept = try FileManager.default.subpathsOfDirectory(
            atPath: studio.folder.path("cells/.switchback/thumbs"))
        #expect(kept.count { $0.hasSuffix(".jpg") } == 1)
    }

    @Test func aListIsReadInPieces() async throws {
        let studio = try DataStudio()
        try await studio.make()
        for number in 0..<9 {
            _ = try await studio.upload(
                Sample.jpeg(UInt8(number)), as: "\(number).jpg", more: "&split=train")
        }
        let all = try await studio.images()
        #expect(try await studio.images("from=3&count=2").map(\.name) == ["3.jpg", "4.jpg"])
        let around = try await studio.images("around=\(all[4].id)&before=1&count=3")
        #expect(around.map(\.name) == ["3.jpg", "4.jpg", "5.jpg"])
        #expect(try await studio.images("from=100").isEmpty)
        for query in ["count=0", "count=100000", "from=-1", "split=tran", "state=x", "class=x"] {
            #expect(
                try await studio.asked.get("/api/v1/data/cells/images?\(query)").status == 400, "\(query)")
        }
        #expect(try await studio.images("state=labeled&around=\(all[4].id)").map(\.name) == ["4.jpg"])
    }

    @Test func imagesAreSortedIntoFolders() async throws {
        let studio = try DataStudio()
        try await studio.make(#"{"name": "cells", "classes": ["good", "bad"], "kind": "classes"}"#)
        #expect(
            try await studio.upload(Sample.jpeg(1), as: "a.jpg", more: "&class=bad&split=val").status == 200
        )
        #expect(FileManager.default.fileExists(atPath: studio.folder.path("cells/val/bad/a.jpg")))
        let unknown = try await studio.upload(Sample.jpeg(1), as: "a.jpg", more: "&class=bat")
        #expect(
            unknown.status == 400 && unknown.problem.contains("did you mean bad"), "\(unknown.problem)")
        let archive = Sample.zip([("x/good/1.jpg", try Sample.jpeg(2)), ("x/bad/2.jpg", try Sample.jpeg(3))])
        let report = try await studio.upload(archive, as: "x.zip").fields
        #expect(try report.integer("added") == 2 && report.shown("problems") == "[]")
        #expect(try await studio.images().count == 3)
        let id = try await studio.images()[0].id
        #expect(try await studio.stroke(id, "e", "").problem.contains("sorted into folders"))
    }

    @Test func aFolderOfImagesBecomesADataSet() async throws {
        let studio = try DataStudio()
        let photos = studio.folder.path("photos")
        try FileManager.default.createDirectory(atPath: photos, withIntermediateDirectories: true)
        for number in 0..<5 {
            try Data(Sample.jpeg(UInt8(40 * number))).write(to: URL(fileURLWithPath: "\(photos)/\(number).jpg"))
        }
        let list = try await studio.asked.get("/api/v1/data").fields.array("sets") ?? []
        let loose = try ConfigurationFields(try #require(list.first), path: "answer")
        #expect(try loose.string("kind") == "images" && loose.integer("images") == 5)
        let odd = try await studio.asked.ask(
            "/api/v1/data", #"{"name": "x", "classes": ["a"], "source": "photo"}"#.utf8)
        #expect(odd.status == 404 && odd.problem.contains("did you mean photos"), "\(odd.problem)")
        try await studio.make(#"{"name": "cells", "classes": ["red"], "source": "photos"}"#)
        let images = try await studio.images()
        #expect(images.count == 5 && images.count { $0.split == "val" } == 1)
        #expect(try FileManager.default.contentsOfDirectory(atPath: photos).count == 5, "they stay where they are")
        #expect(!FileManager.default.fileExists(atPath: studio.folder.path("x")))
    }

    /// Images in the studio's own folder, in which there is a data set of the folder's name.
    @Test func imagesBesideDataSetsAreTheirOwn() async throws {
        let studio = try DataStudio()
        let name = studio.folder.url.lastPathComponent
        try Data(Sample.jpeg(1)).write(to: URL(fileURLWithPath: studio.folder.path("a.jpg")))
        try await studio.make("{\"name\": \"\(name)\", \"classes\": [\"red\"], \"source\": \"~\"}")
        #expect(try await studio.asked.get("/api/v1/data/\(name)").fields.string("kind") == "yolo")
        let list = try await studio.asked.get("/api/v1/data").fields.array("sets") ?? []
        #expect(try list.map { try ConfigurationFields($0, path: "answer").integer("images") } == [1, 1])
    }
}
