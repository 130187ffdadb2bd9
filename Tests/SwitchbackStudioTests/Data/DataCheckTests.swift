import Foundation
import Switchback
import SwitchbackFormats
import SwitchbackStudio
import SwitchbackVision
import TestSupport
import Testing

/// What is likely wrong with a data set, and mending it.
struct DataCheckTests {
    @Test func faultsAreFoundAndMended() async throws {
        let studio = try DataStudio()
        try await studio.make()
        _ = try await studio.upload(Sample.jpeg(1), as: "a.jpg", more: "&split=train")
        _ = try await studio.upload(Sample.jpeg(1, side: 41), as: "b.jpg", more: "&split=val")
        _ = try await studio.upload(Sample.jpeg(1, side: 44), as: "c.jpg", more: "&split=train")
        let text = """
            0 0.5 0.5 0.2 0.2
            0 0.501 0.5 0.2 0.2
            1 0.501 0.5 0.2 0.2
            7 0.2 0.2 0.1 0.1
            0 0.98 0.5 0.2 0.2
            0 0.5 0.5 0 0.2
            not a label

            """
        _ = try studio.folder.write(text, to: "cells/labels/train/a.txt")
        let found = try await studio.asked.get("/api/v1/data/cells/check").fields
        let counts = try #require(try found.object("counts"))
        for kind in ["doubled", "unread", "classless", "outside", "flat"] {
            #expect(try counts.integer(kind) == 1, "\(kind)")
        }
        #expect(try found.array("leaks")?.count == 1 && !(found.array("sentences") ?? []).isEmpty)
        for kind in ["doubled", "unread", "outside", "flat"] {
            let body = #"{"id": "m-\#(kind)", "who": "w", "page": "p", "kind": "\#(kind)"}"#
            let mended = try await studio.asked.ask("/api/v1/data/cells/check/mend", body.utf8)
            #expect(try mended.fields.integer("mended") == 1, "\(kind): \(mended.problem)")
        }
        let lines = try String(
            contentsOfFile: studio.folder.path("cells/labels/train/a.txt"), encoding: .utf8)
        #expect(
            lines == """
                0 0.500000 0.500000 0.200000 0.200000
                1 0.501000 0.500000 0.200000 0.200000
                7 0.200000 0.200000 0.100000 0.100000
                0 0.940000 0.500000 0.120000 0.200000

                """)
        let id = try await studio.images("split=train")[0].id
        let undo = try await studio.asked.ask(
            "/api/v1/data/cells/images/\(id)/undo", #"{"id": "u", "who": "w", "page": "p"}"#.utf8)
        #expect(try undo.fields.array("objects")?.count == 5, "mending can be undone")
    }
}
