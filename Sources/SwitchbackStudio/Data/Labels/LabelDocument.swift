import Foundation
import Switchback
import SwitchbackFormats

/// The labels of one image with their history: what its edits, one after another, make of nothing.
package struct LabelDocument: Sendable {
    package private(set) var objects: [LabelObject] = []
    /// Whether the image has a file of labels: an empty one says that there is nothing to find.
    package private(set) var isLabeled = false
    package private(set) var edits: [LabelEdit] = []

    /// By whom each object was last changed, and when; also those that are gone.
    private var changed: [String: (revision: Int, page: String)] = [:]
    private var revisions: [String: Int] = [:]
    /// The revisions that a person may undo and do again, the latest last.
    private var undoable: [String: [Int]] = [:]
    private var redoable: [String: [Int]] = [:]

    package init() {}

    /// How many edits there were.
    package var revision: Int { edits.count }
    package var values: [LabelValue] { objects.map(\.value) }

    package func canUndo(_ who: String) -> Bool { undoable[who]?.isEmpty == false }
    package func canRedo(_ who: String) -> Bool { redoable[who]?.isEmpty == false }

    /// The revision that an edit made, if it is known.
    func revision(of edit: String) -> Int? { revisions[edit] }

    private func place(of object: String) -> Int? { objects.firstIndex { $0.id == object } }
    private func value(of object: String) -> LabelValue? { place(of: object).map { objects[$0].value } }

    mutating func apply(_ edit: LabelEdit) {
        edits.append(edit)
        revisions[edit.id] = revision
        for change in edit.changes {
            let place = place(of: change.object)
            switch (place, change.after) {
            case (let place?, let value?): objects[place].value = value
            case (let place?, nil): objects.remove(at: place)
            case (nil, let value?):
                let object = LabelObject(id: change.object, value: value)
                objects.insert(object, at: min(max(change.place, 0), objects.count))
            case (nil, nil): break
            }
            changed[change.object] = (revision, edit.page)
        }
        isLabeled = edit.isLabeled
        remember(edit)
    }

    private mutating func remember(_ edit: LabelEdit) {
        if edit.who == LabelEdit.disk { return }
        if let undone = edit.undoes {
            undoable[edit.who]?.removeAll { $0 == undone }
            redoable[edit.who, default: []].append(undone)
        } else if let done = edit.redoes {
            redoable[edit.who]?.removeAll { $0 == done }
            undoable[edit.who, default: []].append(done)
        } else {
            undoable[edit.who, default: []].append(revision)
            redoable[edit.who] = []
        }
    }

    // MARK: New edits

    /// Somebody else has changed what an edit is about since its page last looked.
    package struct Conflict: Error {
        package let objects: [String]
    }

    /// The edit that a request asks for.
    ///
    /// - Throws: `Conflict` where another page changed one of its objects after the state that it stands on;
    ///   `InputError` where it makes no sense.
    func edit(_ request: LabelRequest, image: String) throws -> LabelEdit {
        var next = self
        var (changes, conflicts): ([LabelChange], [String]) = ([], [])
        for (object, value) in request.wishes {
            let (before, place) = (next.value(of: object), next.place(of: object) ?? next.objects.count)
            if before == value { continue }
            if isForeign(object, to: request) {
                conflicts.append(object)
                continue
            }
            let change = LabelChange(object: object, before: before, after: value, place: place)
            changes.append(change)
            next.apply(
                LabelEdit(
                    id: "", image: image, who: "", page: "", changes: [change], wasLabeled: true, isLabeled: true))
        }
        if !conflicts.isEmpty { throw Conflict(objects: conflicts) }
        let isLabeled = request.isLabeled ?? (isLabeled || !next.objects.isEmpty)
        guard isLabeled || next.objects.isEmpty else {
            throw InputError(
                "request", at: "field labeled",
                "the image has \(next.objects.count.counted("object")): an image with objects is labelled")
        }
        return LabelEdit(
            id: request.id, image: image, who: request.who, page: request.page, changes: changes,
            wasLabeled: self.isLabeled, isLabeled: isLabeled)
    }

    /// Whether somebody else changed an object after the state that a request stands on; also where the object was read
    /// from a file that has been changed since, so that nothing is known of it.
    private func isForeign(_ object: String, to request: LabelRequest) -> Bool {
        guard let last = changed[object] else { return object.hasPrefix(Self.readPrefix) }
        return last.revision > request.base && last.page != request.page
    }

    /// With what the names of objects begin that come from a file; those that pages make begin otherwise.
    package static let readPrefix = "d"

    /// Which of a person's own edits is meant.
    package enum Direction: String, Sendable { case undo, redo }

    /// The edit that takes back what a person did last, or does it again; `nil` if there is none.
    ///
    /// - Throws: `Conflict` where others have changed its objects since.
    func edit(_ direction: Direction, id: String, who: String, page: String, image: String) throws -> LabelEdit? {
        let revisions = direction == .undo ? undoable[who] : redoable[who]
        guard let revision = revisions?.last else { return nil }
        let original = edits[revision - 1]
        let changes = direction == .undo ? original.inverseChanges : original.changes
        let conflicts = changes.filter { value(of: $0.object) != $0.before }.map(\.object)
        if !conflicts.isEmpty { throw Conflict(objects: conflicts) }
        let left = objects.count + changes.reduce(0) { $0 + ($1.after == nil ? 0 : 1) - ($1.before == nil ? 0 : 1) }
        let isLabeled = (direction == .undo ? original.wasLabeled : original.isLabeled) || left > 0
        return LabelEdit(
            id: id, image: image, who: who, page: page, changes: changes, wasLabeled: self.isLabeled,
            isLabeled: isLabeled, undoes: direction == .undo ? revision : nil,
            redoes: direction == .redo ? revision : nil)
    }

    /// The edit that another program made by writing the file of labels; `nil` where it says what is known.
    ///
    /// - Parameter found: the objects in the file; `nil` if there is none.
    func edit(onDisk found: [LabelValue]?, image: String) -> LabelEdit? {
        var unmatched = Array(objects.enumerated())
        var added: [(place: Int, value: LabelValue)] = []
        for (place, value) in (found ?? []).enumerated() {
            if let match = unmatched.firstIndex(where: { $0.element.value == value }) {
                unmatched.remove(at: match)
            } else {
                added.append((place, value))
            }
        }
        if unmatched.isEmpty && added.isEmpty && isLabeled == (found != nil) { return nil }
        let gone = unmatched.reversed().map {
            LabelChange(object: $0.element.id, before: $0.element.value, after: nil, place: $0.offset)
        }
        var taken = Set(changed.keys)
        let new = added.map { place, value in
            let id = Self.name(of: value, besides: taken)
            taken.insert(id)
            return LabelChange(object: id, before: nil, after: value, place: place)
        }
        return LabelEdit(
            id: "\(LabelEdit.disk)-\(revision + 1)", image: image, who: LabelEdit.disk, page: LabelEdit.disk,
            changes: gone + new, wasLabeled: isLabeled, isLabeled: found != nil)
    }

    /// A name that follows from what the object is: a page that saw another file cannot mean it by chance.
    private static func name(of value: LabelValue, besides taken: Set<String>) -> String {
        let hash = readPrefix + String(Checksum.fnv1a(value.line), radix: 36)
        if !taken.contains(hash) { return hash }
        var number = 2
        while taken.contains("\(hash)-\(number)") { number += 1 }
        return "\(hash)-\(number)"
    }
}
