import Foundation
import Switchback
import SwitchbackFormats
import SwitchbackVision

/// The labels of a data set: its files of labels, which stay the truth, and the journal beside them.
///
/// An edit is acknowledged once the journal has it on disk and the file of labels is written. After a loss of power the
/// file is written that the journal is ahead of. A file that another program wrote is read as an edit of its own. Used
/// from several threads.
package final class LabelStore: @unchecked Sendable {
    /// An image, as the store speaks of it.
    package struct Image: Sendable {
        package let id: UInt64
        /// For messages and the journal.
        package let name: String
        package let labelPath: String

        package init(id: UInt64, name: String, labelPath: String) {
            (self.id, self.name, self.labelPath) = (id, name, labelPath)
        }
    }

    private let hold: DataHold
    private let lock = NSLock()
    // Guarded by the lock.
    private var keypoints: KeypointLayout?
    private var journal: LabelJournal?
    private var problem: InputError?
    private var open: [UInt64: OpenImage] = [:]
    private var uses = 0

    private struct OpenImage {
        var document: LabelDocument
        /// How many of its edits the journal has.
        var journaled: Int
        var stamp: FileStamp
        /// Whether the stamp tells the file from any other: clocks of file systems tick coarsely.
        var isStampSure: Bool
        /// Whether the file of labels has all edits: not where the disk was full.
        var isWritten = true
        var lastUse = 0
    }

    private static let mostOpen = 64

    /// - Parameters:
    ///   - hold: the right to the data set, in whose folder the journal is, or will be.
    ///   - keypoints: those that objects of the data set have.
    ///   - images: those that the data set has now, whose files are completed where the journal is ahead of them.
    package init(_ hold: DataHold, keypoints: KeypointLayout? = nil, images: (UInt64) -> Image?) {
        self.hold = hold
        self.keypoints = keypoints
        do {
            try hold.take()
            let journal = try LabelJournal(Folder.join(hold.folder, "labels.journal"))
            self.journal = journal
            for image in journal.images.compactMap(images) { try complete(image, journal) }
        } catch {
            journal = nil
            problem = error as? InputError ?? InputError(hold.folder, "\(error)")
        }
    }

    /// Why nothing can be edited; `nil` where it can.
    package var readOnly: InputError? { lock.withLock { problem } }

    /// Takes up other keypoints that objects of the data set have now: lines of labels say something else with them.
    func follow(_ keypoints: KeypointLayout?) {
        lock.withLock {
            if keypoints == self.keypoints { return }
            self.keypoints = keypoints
            for image in open.keys { open[image]?.isStampSure = false }
        }
    }

    /// Does something to files of labels, during which nobody else changes any.
    func exclusively<Value>(_ body: () throws -> Value) rethrows -> Value { try lock.withLock(body) }

    // MARK: Reading

    /// The labels of an image as they are on disk now.
    package func document(of image: Image) throws -> LabelDocument {
        try lock.withLock { try current(image).document }
    }

    private func current(_ image: Image) throws -> OpenImage {
        var state = try open[image.id] ?? opened(image)
        if !state.isWritten {
            try? write(&state, image)
            return state
        }
        let stamp = FileStamp(image.labelPath)
        if stamp != state.stamp || !state.isStampSure {
            state.isStampSure = !stamp.isFresh(at: Date())
            state.stamp = stamp
            let found = try LabelLines.read(image.labelPath, keypoints)
            if let edit = state.document.edit(onDisk: found, image: image.name) { state.document.apply(edit) }
        }
        keep(state, image)
        return state
    }

    private func opened(_ image: Image) throws -> OpenImage {
        var document = LabelDocument()
        for edit in try journal?.edits(of: image.id) ?? [] { document.apply(edit) }
        return OpenImage(
            document: document, journaled: document.revision, stamp: FileStamp(), isStampSure: false)
    }

    private func keep(_ state: OpenImage, _ image: Image) {
        uses += 1
        open[image.id] = state
        open[image.id]?.lastUse = uses
        if open.count <= Self.mostOpen { return }
        let oldest = open.filter(\.value.isWritten).min { $0.value.lastUse < $1.value.lastUse }
        if let oldest { open[oldest.key] = nil }
    }

    // MARK: Writing

    /// What came of an edit.
    package enum Outcome: Sendable {
        /// It is on disk.
        case done(LabelDocument)
        /// Others changed these objects since; nothing was done.
        case conflict(LabelDocument, objects: [String])
        /// There was nothing to undo or to do again.
        case nothing(LabelDocument)
    }

    /// An edit that could not be written, as on a full disk: nothing is acknowledged, and it may be sent again.
    package struct Unwritten: Error, CustomStringConvertible {
        let cause: any Error
        package var description: String { "\(cause)" }
    }

    /// Does what a request asks for.
    ///
    /// - Throws: `InputError` where it makes no sense, `Unwritten` where it cannot be written.
    package func edit(_ image: Image, _ request: LabelRequest) throws -> Outcome {
        try change(image, id: request.id) { try $0.edit(request, image: image.name) }
    }

    package func edit(
        _ image: Image, _ direction: LabelDocument.Direction, id: String, who: String, page: String
    ) throws -> Outcome {
        try change(image, id: id) { try $0.edit(direction, id: id, who: who, page: page, image: image.name) }
    }

    private func change(_ image: Image, id: String, _ make: (LabelDocument) throws -> LabelEdit?) throws -> Outcome {
        try lock.withLock {
            guard let journal else { throw problem ?? InputError(hold.folder, "the labels cannot be written") }
            var state = try current(image)
            // Sent again, because the answer was lost, or the file of labels could not be written.
            if state.document.revision(of: id) == nil {
                let edit: LabelEdit
                do {
                    guard let made = try make(state.document) else { return .nothing(state.document) }
                    edit = made
                } catch let conflict as LabelDocument.Conflict {
                    return .conflict(state.document, objects: conflict.objects)
                }
                if edit.changes.isEmpty && edit.wasLabeled == edit.isLabeled { return .done(state.document) }
                try writing {
                    try journal.append(Array(state.document.edits[state.journaled...]) + [edit], image: image.id)
                }
                state.document.apply(edit)
                state.journaled = state.document.revision
                state.isWritten = false
                keep(state, image)
            }
            if !state.isWritten { try writing { try write(&state, image) } }
            return .done(state.document)
        }
    }

    private func writing(_ body: () throws -> Void) throws {
        do { try body() } catch { throw Unwritten(cause: error) }
    }

    private func write(_ state: inout OpenImage, _ image: Image) throws {
        try write(state.document, image)
        state.isWritten = true
        state.stamp = FileStamp(image.labelPath)
        state.isStampSure = false
        keep(state, image)
    }

    private func write(_ document: LabelDocument, _ image: Image) throws {
        if document.isLabeled {
            try OutputFolder.make(Folder.parent(image.labelPath))
            try AtomicFile.write(LabelLines.text(document.values), to: image.labelPath)
        } else if unlink(image.labelPath) != 0 && errno != ENOENT {
            throw InputError(image.labelPath, cannot: "removed", errno)
        }
    }

    // MARK: After a loss of power

    /// Writes the file of labels where the program was ended after the journal had an edit, and before the file did:
    /// then the file is older than the edit, and holds what was there before.
    private func complete(_ image: Image, _ journal: LabelJournal) throws {
        let stamp = FileStamp(image.labelPath)
        let written = stamp.size < 0 ? 0 : Int(stamp.changed / 1_000_000)
        guard let time = journal.times[image.id], written <= time else { return }
        var (before, after) = (LabelDocument(), LabelDocument())
        for edit in try journal.edits(of: image.id) {
            before = after
            after.apply(edit)
        }
        let found = try LabelLines.read(image.labelPath, keypoints)
        if after.edit(onDisk: found, image: image.name) == nil { return }
        if before.edit(onDisk: found, image: image.name) == nil { try write(after, image) }
    }
}
