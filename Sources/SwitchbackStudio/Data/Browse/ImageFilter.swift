import Foundation
import Hummingbird
import Switchback
import SwitchbackServer
import SwitchbackVision

/// Which images of a data set a page wants to see: all that it asks for holds.
struct ImageFilter {
    let split: DataSplit?
    let classIndex: Int?
    let state: IndexedImage.State?
    /// What the name has in it, in small letters.
    let text: String
    /// In which order they come.
    let order: ImageOrder

    private static let longestText = 200

    /// - Throws: `InputError` where a part of the address makes no sense.
    init(_ query: Parameters) throws {
        split = try query.choice("split")
        state = try query.choice("state")
        classIndex = try query.number("class", in: 0...100_000)
        order = try query.choice("order") ?? .path
        text = query.get("q").map { String($0.prefix(Self.longestText)).lowercased() } ?? ""
    }

    func takes(_ image: IndexedImage) -> Bool {
        if let split, image.split != split { return false }
        if let classIndex, !image.marks.contains(where: { Int($0.classIndex) == classIndex }) { return false }
        if let state, image.state != state { return false }
        return text.isEmpty || image.name.lowercased().contains(text)
    }

    /// The places of the images that it takes, in their order.
    func positions(in content: DataIndex.Content) -> [Int] {
        let taken = content.images.indices.filter { takes(content.images[$0]) }
        return order == .path ? taken : taken.map { order.rank($0, in: content) }.sorted(by: <).map(\.position)
    }
}

/// In which order images are listed.
enum ImageOrder: String, CaseIterable, Sendable {
    /// Those of a split together.
    case path
    /// Those of all splits by turns, in the proportion of their numbers: whoever labels the first twenty has some of them
    /// to validate with.
    case mixed

    /// What the image at a place in the list of all is ordered by.
    func rank(_ position: Int, in content: DataIndex.Content) -> (share: Double, position: Int) {
        (self == .path ? 0 : content.shareBefore(position), position)
    }
}

extension Parameters {
    /// One of a list of names; `nil` where the part is missing or empty.
    func choice<Choice: RawRepresentable<String> & CaseIterable>(_ name: String) throws -> Choice? {
        guard let text = self.get(name), !text.isEmpty else { return nil }
        if let choice = Choice(rawValue: text) { return choice }
        let names = Choice.allCases.map(\.rawValue)
        throw InputError(
            "request", at: "field \(name)", "it is none of \(names.joined(separator: ", "))",
            remedy: text.nearest(in: names).map { "did you mean \($0)?" })
    }

    /// A whole number within a range; `nil` where the part is missing or empty.
    func number(_ name: String, in range: ClosedRange<Int>) throws -> Int? {
        guard let text = self.get(name), !text.isEmpty else { return nil }
        guard let number = Int(text), range.contains(number) else {
            throw InputError(
                "request", at: "field \(name)",
                "it is no whole number from \(range.lowerBound) to \(range.upperBound)")
        }
        return number
    }
}
