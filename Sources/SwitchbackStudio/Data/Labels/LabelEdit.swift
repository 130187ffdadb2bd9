import Foundation
import Switchback

/// An object of an image, with a name of its own by which edits speak of it.
package struct LabelObject: Codable, Equatable, Sendable {
    package let id: String
    package var value: LabelValue
}

/// One object before and after an edit. Either is `nil` where the object is not there.
package struct LabelChange: Codable, Equatable, Sendable {
    package let object: String
    package let before: LabelValue?
    package let after: LabelValue?
    /// The object's place among the others: before the edit, or after it where it is new.
    package let place: Int

    var inverse: LabelChange { LabelChange(object: object, before: after, after: before, place: place) }
}

/// What the journal keeps of one stroke. All of its changes happen, or none.
package struct LabelEdit: Codable, Equatable, Sendable {
    /// Made in the page, so that sending an edit twice does nothing twice.
    package let id: String
    /// The image's path, for people who read the journal.
    package let image: String
    /// Who made it: a browser, or `LabelEdit.disk` where another program changed the file of labels.
    package let who: String
    /// The page of the browser, in which its strokes follow each other: they never contradict each other.
    package let page: String
    package let changes: [LabelChange]
    /// Whether the image had a file of labels before, and has one after it.
    package let wasLabeled, isLabeled: Bool
    /// The revision that is undone or done again by it.
    package var undoes, redoes: Int?

    package static let disk = "disk"

    var inverseChanges: [LabelChange] { changes.reversed().map(\.inverse) }
}

/// An edit as a page asks for it: what objects should become.
package struct LabelRequest: Sendable {
    /// The state of the image that the page saw.
    package let base: Int
    package let id, who, page: String
    package let wishes: [(object: String, value: LabelValue?)]
    /// Whether the image should have a file of labels; as before if `nil`.
    package let isLabeled: Bool?

    package init(
        id: String, who: String, page: String, base: Int, wishes: [(object: String, value: LabelValue?)],
        isLabeled: Bool? = nil
    ) {
        (self.id, self.who, self.page, self.base) = (id, who, page, base)
        (self.wishes, self.isLabeled) = (wishes, isLabeled)
    }
}
