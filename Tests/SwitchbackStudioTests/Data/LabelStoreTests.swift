import Foundation
import Switchback
import SwitchbackStudio
import TestSupport
import Testing

/// Strokes and what is left of them on disk.
struct LabelStoreTests {
    private let folder: TemporaryFolder
    private let image: LabelStore.Image

    init() throws {
        folder = try TemporaryFolder()
        try FileManager.default.createDirectory(
            atPath: folder.path("labels"), withIntermediateDirectories: true)
        image = LabelStore.Image(id: 7, name: "images/a.jpg", labelPath: folder.path("labels/a.txt"))
    }

    /// As if the studio had been started now.
    private func store() -> LabelStore {
        LabelStore(DataHold(folder.path("state"))) { $0 == image.id ? image : nil }
    }

    private func box(_ x: Double, class index: Int = 0) -> LabelValue {
        .box(class: index, [x, 0.5, 0.25, 0.25])
    }

    private func request(
        _ id: String, base: Int, page: String = "page", who: String = "mira",
        _ wishes: [(String, LabelValue?)],
        labeled: Bool? = nil
    ) -> LabelRequest {
        LabelRequest(
            id: id, who: who, page: page, base: base, wishes: wishes.map { (object: $0.0, value: $0.1) },
            isLabeled: labeled)
    }

    private func lines() -> [String]? {
        (try? String(contentsOfFile: image.labelPath, encoding: .utf8))?.split(separator: "\n").map(
            String.init)
    }

    private func write(_ text: String) throws {
        try text.write(toFile: image.labelPath, atomically: true, encoding: .utf8)
    }

    /// The document that an outcome leaves, and whether the edit was done.
    private func document(_ outcome: LabelStore.Outcome) -> (document: LabelDocument, isDone: Bool) {
        switch outcome {
        case .done(let document): (document, true)
        case .conflict(let document, _), .nothing(let document): (document, false)
        }
    }

    @Test func strokesAreOnDiskWhenTheyAreAcknowledged() throws {
        let store = store()
        let first = document(try store.edit(image, request("1", base: 0, [("o1", box(0.25))])))
        #expect(first.isDone && lines() == ["0 0.250000 0.500000 0.250000 0.250000"])
        _ = try store.edit(
            image, request("2", base: 1, [("o2", .outline(class: 1, [0, 0, 1, 0, 0.5, 0.123456]))]))
        _ = try store.edit(image, request("3", base: 2, [("o1", box(0.5))]))
        #expect(
            lines() == [
                "0 0.500000 0.500000 0.250000 0.250000",
                "1 0.000000 0.000000 1.000000 0.000000 0.500000 0.123456",
            ])
        _ = try store.edit(image, request("4", base: 3, [("o1", nil), ("o2", nil)]))
        let isLabeled = try store.document(of: image).isLabeled
        #expect(lines() == [] && isLabeled, "an empty file says that nothing is there")
        #expect(FileManager.default.fileExists(atPath: image.labelPath))
    }

    @Test func sendingAStrokeTwiceDoesNothingTwice() throws {
        for _ in 0..<3 { _ = try store().edit(image, request("1", base: 0, [("o1", box(0.25))])) }
        _ = try store().edit(image, request("2", base: 1, [("o1", nil)]))
        let again = document(try store().edit(image, request("1", base: 0, [("o1", box(0.25))])))
        #expect(again.isDone && again.document.revision == 2 && again.document.objects.isEmpty)
    }

    @Test func twoPeopleMergeUnlessTheyMeanTheSameObject() throws {
        let store = store()
        _ = try store.edit(image, request("1", base: 0, [("o1", box(0.25)), ("o2", box(0.5))]))
        let hers = try store.edit(
            image, request("2", base: 1, page: "hers", who: "her", [("o1", box(0.3))]))
        #expect(document(hers).isDone)
        let other = try store.edit(
            image, request("3", base: 1, page: "mine", who: "me", [("o2", box(0.6))]))
        #expect(document(other).isDone, "different objects merge")
        let same = try store.edit(
            image, request("4", base: 1, page: "mine", who: "me", [("o1", nil), ("o3", box(0.7))]))
        guard case .conflict(let newer, let objects) = same else {
            Issue.record("\(same)")
            return
        }
        #expect(objects == ["o1"] && newer.values == [box(0.3), box(0.6)], "none of the edit is done")
        let onTop = try store.edit(
            image, request("5", base: newer.revision, page: "mine", who: "me", [("o1", nil)]))
        #expect(document(onTop).document.values == [box(0.6)])
        let agreed = try store.edit(
            image, request("6", base: 1, page: "hers", who: "her", [("o1", nil)]))
        #expect(document(agreed).isDone, "what both want is no conflict")
    }

    /// A page's strokes follow each other before it has heard of the first.
    @Test func aPageNeverContradictsItself() throws {
        let store = store()
        for (number, x) in [0.2, 0.3, 0.4].enumerated() {
            let outcome = try store.edit(image, request("\(number)", base: 0, [("o1", box(x))]))
            #expect(document(outcome).document.values == [box(x)])
        }
    }

    @Test func undoWorksOverRestartsAndBesideOthers() throws {
        try write("0 0.123456789 0.5 0.25 0.25\n1 0.7 0.5 0.2 0.2\n")
        _ = try store().edit(image, request("1", base: 1, [("o1", box(0.9))]))
        let named = try store().document(of: image).objects[0].id
        _ = try store().edit(image, request("2", base: 2, [(named, nil)]))
        _ = try store().edit(image, request("3", base: 3, page: "hers", who: "her", [("o9", box(0.1))]))
        func step(_ direction: LabelDocument.Direction, _ id: String) throws -> LabelStore.Outcome {
            try store().edit(image, direction, id: id, who: "mira", page: "new")
        }
        #expect(document(try step(.undo, "4")).isDone)
        #expect(
            lines()?.first == "0 0.123456789 0.500000 0.250000 0.250000",
            "the same number at the same place")
        #expect(lines()?.count == 4)
        #expect(document(try step(.undo, "5")).document.canUndo("mira") == false && lines()?.count == 3)
        guard case .nothing = try step(.undo, "6") else { throw Unexpected() }
        #expect(document(try step(.redo, "7")).isDone && lines()?.count == 4)
        _ = try store().edit(image, request("8", base: 7, page: "hers", who: "her", [("o1", box(0.8))]))
        guard case .conflict(_, let objects) = try step(.undo, "9") else { throw Unexpected() }
        #expect(objects == ["o1"], "what somebody else has changed since is not taken back silently")
    }

    private struct Unexpected: Error {}

    @Test func labelsChangedByHandAreNoticed() throws {
        let store = store()
        _ = try store.edit(image, request("1", base: 0, [("o1", box(0.25)), ("o2", box(0.5))]))
        try write("0 0.25 0.5 0.25 0.25\n2 0.75 0.5 0.1 0.1\n")
        let seen = try store.document(of: image)
        #expect(
            seen.revision == 2 && seen.values == [box(0.25), .box(class: 2, [0.75, 0.5, 0.1, 0.1])])
        #expect(seen.objects[0].id == "o1", "what is as it was keeps its name")
        let late = try store.edit(image, request("2", base: 1, [("o2", box(0.6))]))
        guard case .conflict = late else { throw Unexpected() }
        try FileManager.default.removeItem(atPath: image.labelPath)
        #expect(try store.document(of: image).objects.isEmpty && !(store.document(of: image).isLabeled))
    }

    /// Also where no stroke was made yet: a page that saw another file cannot change what it does not know.
    @Test func aFileChangedBeforeTheFirstStroke() throws {
        try write("0 0.5 0.5 0.2 0.2\n")
        let seen = try store().document(of: image)
        try write("0 0.6 0.5 0.2 0.2\n")
        let outcome = try store().edit(
            image, request("1", base: seen.revision, [(seen.objects[0].id, box(0.1))]))
        guard case .conflict(let newer, _) = outcome else { throw Unexpected() }
        #expect(newer.values == [.box(class: 0, [0.6, 0.5, 0.2, 0.2])])
    }

    @Test func linesThatAreNoLabelsAreKept() throws {
        try write("0 0.5 0.5 0.2 0.2\nwhat is this\n0 0.1 0.2\n")
        _ = try store().edit(image, request("1", base: 1, [("o1", box(0.25))]))
        #expect(
            lines() == [
                "0 0.500000 0.500000 0.200000 0.200000", "what is this", "0 0.1 0.2",
                "0 0.250000 0.500000 0.250000 0.250000",
            ])
    }

    @Test func nothingToFindIsAnEmptyFile() throws {
        _ = try store().edit(image, request("1", base: 0, [], labeled: true))
        #expect(lines() == [])
        _ = try store().edit(image, .undo, id: "2", who: "mira", page: "page")
        #expect(lines() == nil, "nobody has looked at it again")
        _ = try store().edit(image, request("3", base: 2, [("o1", box(0.5))]))
        #expect(throws: InputError.self) {
            try store().edit(image, request("4", base: 3, [], labeled: false))
        }
    }

    // MARK: Loss of power

    private var journal: String { folder.path("state/labels.journal") }

    /// The program ended after the journal had the stroke, and before the file of labels did.
    @Test func theFileIsCompletedFromTheJournal() throws {
        try write("0 0.5 0.5 0.2 0.2\n")
        let before = try Data(contentsOf: URL(fileURLWithPath: image.labelPath))
        _ = try store().edit(image, request("1", base: 1, [("o1", box(0.25))]))
        let after = lines()
        try before.write(to: URL(fileURLWithPath: image.labelPath))
        try FileManager.default.setAttributes(
            [.modificationDate: Date(timeIntervalSinceNow: -60)], ofItemAtPath: image.labelPath)
        _ = store()
        #expect(lines() == after)
    }

    /// A file that was changed after the last stroke is not one that was never written.
    @Test func whatWasChangedLaterIsNotOverwritten() throws {
        _ = try store().edit(image, request("1", base: 0, [("o1", box(0.25))]))
        _ = try store().edit(image, request("2", base: 1, [("o2", box(0.5))]))
        try write("0 0.25 0.5 0.25 0.25\n")
        try FileManager.default.setAttributes(
            [.modificationDate: Date(timeIntervalSinceNow: 60)], ofItemAtPath: image.labelPath)
        #expect(try store().document(of: image).values == [box(0.25)])
    }

    @Test func aLineThatWasCutShortIsCutOff() throws {
        _ = try store().edit(image, request("1", base: 0, [("o1", box(0.25))]))
        let whole = try Data(contentsOf: URL(fileURLWithPath: journal))
        for count in [whole.count / 2, whole.count - 1] {
            let handle = try FileHandle(forWritingTo: URL(fileURLWithPath: journal))
            try handle.seekToEnd()
            try handle.write(contentsOf: whole.prefix(count))
            try handle.close()
            let store = store()
            #expect(try store.readOnly == nil && store.document(of: image).revision == 1)
        }
        #expect(try Data(contentsOf: URL(fileURLWithPath: journal)) == whole)
    }

    @Test func damageIsSaidAndNothingIsOverwritten() throws {
        for id in ["1", "2"] {
            _ = try store().edit(image, request(id, base: 0, [("o\(id)", box(0.25))]))
        }
        var bytes = try Data(contentsOf: URL(fileURLWithPath: journal))
        bytes[60] ^= 1
        try bytes.write(to: URL(fileURLWithPath: journal))
        let store = store()
        #expect(store.readOnly?.description.contains("damaged") == true)
        #expect(throws: InputError.self) {
            try store.edit(image, request("3", base: 0, [("o3", box(0.5))]))
        }
        #expect(try store.document(of: image).values.count == 2, "the labels are still shown")
    }

    @Test func twoStudiosDoNotWriteAtOnce() throws {
        let first = store()
        let second = store()
        #expect(first.readOnly == nil)
        #expect(second.readOnly?.description.contains("another studio") == true)
    }

    /// The file of labels cannot be written: nothing is acknowledged, and the stroke is not lost once it can.
    @Test func whatCannotBeWrittenIsNotAcknowledged() throws {
        let store = store()
        _ = try store.edit(image, request("1", base: 0, [("o1", box(0.25))]))
        let obstacle = folder.path("labels/.a.txt.\(ProcessInfo.processInfo.processIdentifier).part")
        try FileManager.default.createDirectory(atPath: obstacle, withIntermediateDirectories: false)
        #expect(throws: LabelStore.Unwritten.self) {
            try store.edit(image, request("2", base: 1, [("o2", box(0.5))]))
        }
        try FileManager.default.removeItem(atPath: obstacle)
        #expect(document(try store.edit(image, request("2", base: 1, [("o2", box(0.5))]))).isDone)
        #expect(lines()?.count == 2)
    }
}
