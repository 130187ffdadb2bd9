import Foundation
import Switchback
import SwitchbackFormats
import SwitchbackStudio
import SwitchbackVision
import TestSupport
import Testing

/// Strokes of the editor, over HTTP.
struct DataStrokesTests {
    @Test(arguments: [
        (#"{"object": "o1", "value": {"class": 2, "box": [0.5, 0.5, 0.1, 0.1]}}"#, "class"),
        (#"{"object": "o1", "value": {"class": 0, "box": [0.5, 0.5, 0.1]}}"#, "4 numbers"),
        (#"{"object": "o1", "value": {"class": 0, "box": [0.5, 0.5, 0, 0.1]}}"#, "no area"),
        (#"{"object": "o1", "value": {"class": 0, "box": [5, 0.5, 0.1, 0.1]}}"#, "outside"),
        (#"{"object": "o1", "value": {"class": 0, "box": [0.5, "a", 0.1, 0.1]}}"#, "numbers"),
        (#"{"object": "o1", "value": {"class": 0, "outline": [0.5, 0.5, 0.1, 0.1]}}"#, "corners"),
        (#"{"object": "../o", "value": null}"#, "letters"), (#"{"value": null}"#, "object"),
        ("1", "JSON object"),
    ])
    func oddStrokesAreRefused(changes: String, problem: String) async throws {
        let studio = try DataStudio()
        try await studio.make()
        _ = try await studio.upload(Sample.jpeg(1), as: "a.jpg")
        let id = try await studio.images()[0].id
        let answer = try await studio.stroke(id, "e1", changes)
        #expect(answer.status == 400 && answer.problem.contains(problem), "\(answer.problem)")
        #expect(try await studio.images("state=unlabeled").count == 1)
    }

    /// Twenty people draw and change boxes in three images at once; all of it is on disk, and what two of them did to
    /// the same object was said to one of them.
    @Test func twentyPeopleLoseNoStroke() async throws {
        let studio = try DataStudio()
        try await studio.make()
        for number in 0..<3 {
            _ = try await studio.upload(Sample.jpeg(UInt8(number)), as: "\(number).jpg")
        }
        let images = try await studio.images()
        for image in images {
            let box = #"{"class": 0, "box": [0.5, 0.5, 0.1, 0.1]}"#
            _ = try await studio.stroke(image.id, "shared", #"{"object": "shared", "value": \#(box)}"#)
        }
        let outcomes = try await withThrowingTaskGroup(
            of: (acknowledged: [String: Int], refused: Int).self
        ) { group in
            for person in 0..<20 {
                group.addTask {
                    var acknowledged: [String: Int] = [:]
                    for number in 0..<6 {
                        let image = images[(person + number) % 3].id
                        let box = "[0.5, 0.5, \(0.01 + Double(person) / 50), 0.2]"
                        let changes =
                            #"{"object": "o\#(person)-\#(number)", "value": {"class": 1, "box": \#(box)}}"#
                        let answer = try await studio.stroke(
                            image, "e\(person)-\(number)", changes, base: 1, page: "p\(person)")
                        if answer.status == 200 { acknowledged[image, default: 0] += 1 }
                    }
                    let box = #"{"class": 0, "box": [0.4, 0.4, 0.1, \#(0.1 + Double(person) / 100)]}"#
                    let shared = try await studio.stroke(
                        images[0].id, "s\(person)", #"{"object": "shared", "value": \#(box)}"#, base: 1,
                        page: "p\(person)")
                    return (acknowledged, shared.status == 409 ? 1 : 0)
                }
            }
            return try await group.reduce(into: [(acknowledged: [String: Int], refused: Int)]()) { $0.append($1) }
        }
        #expect(outcomes.reduce(0) { $0 + $1.refused } == 19, "one of them was the first")
        for image in images {
            let counted = outcomes.reduce(0) { $0 + ($1.acknowledged[image.id] ?? 0) }
            let labels = try await studio.asked.get("/api/v1/data/cells/images/\(image.id)/labels").fields
            #expect(try labels.array("objects")?.count == counted + 1 && counted == 40)
            let file = "\((image.name as NSString).deletingPathExtension).txt"
            let path = studio.folder.path("cells/labels/\(image.split)/\(file)")
            let lines = try String(contentsOfFile: path, encoding: .utf8).split(separator: "\n")
            #expect(lines.count == counted + 1)
        }
    }

    @Test func labelsChangedByHandReachAnOpenPage() async throws {
        let studio = try DataStudio()
        try await studio.make()
        _ = try await studio.upload(Sample.jpeg(1), as: "a.jpg", more: "&split=train")
        let id = try await studio.images()[0].id
        _ = try await studio.stroke(
            id, "e1", #"{"object": "o1", "value": {"class": 0, "box": [0.5, 0.5, 0.1, 0.1]}}"#)
        let labels = "/api/v1/data/cells/images/\(id)/labels"
        let seen = try await studio.asked.get(labels).fields.string("seen")
        #expect(try await studio.asked.get("\(labels)?seen=\(seen)").status == 204, "nothing new")
        _ = try studio.folder.write("1 0.25 0.25 0.1 0.1\n", to: "cells/labels/train/a.txt")
        let changed = try await studio.asked.get("\(labels)?seen=\(seen)")
        #expect(try changed.status == 200 && changed.fields.integer("revision") == 2)
        let late = try await studio.stroke(
            id, "e2", #"{"object": "o1", "value": {"class": 0, "box": [0.6, 0.5, 0.1, 0.1]}}"#, base: 1)
        #expect(late.status == 409 && late.problem.contains("somebody else"))
        #expect(try late.fields.array("objects")?.count == 1, "the newer state comes with it")
    }

    /// The page keeps such a stroke and sends it again, as it does where the studio is away.
    @Test func whatCannotBeWrittenIsNotAcknowledged() async throws {
        let studio = try DataStudio()
        try await studio.make()
        _ = try await studio.upload(Sample.jpeg(1), as: "a.jpg", more: "&split=train")
        let id = try await studio.images()[0].id
        let number = ProcessInfo.processInfo.processIdentifier
        let obstacle = studio.folder.path("cells/labels/train/.a.txt.\(number).part")
        try FileManager.default.createDirectory(atPath: obstacle, withIntermediateDirectories: false)
        let changes = #"{"object": "o1", "value": {"class": 0, "box": [0.5, 0.5, 0.1, 0.1]}}"#
        #expect(try await studio.stroke(id, "e1", changes).status == 507)
        try FileManager.default.removeItem(atPath: obstacle)
        #expect(try await studio.stroke(id, "e1", changes).status == 200)
    }

    /// Before anything was trained nothing is proposed, and that is no error.
    @Test func withoutARunNothingIsProposed() async throws {
        let studio = try DataStudio()
        try await studio.make()
        _ = try await studio.upload(Sample.jpeg(1), as: "a.jpg")
        let id = try await studio.images()[0].id
        let answer = try await studio.asked.get("/api/v1/data/cells/images/\(id)/proposals")
        #expect(try answer.status == 200 && answer.fields.array("boxes")?.isEmpty == true)
        #expect(try !answer.fields.names.contains("run"))
    }
}
