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

    private static let longestText = 200

    /// - Throws: `InputError` where a part of the address makes no sense.
    init(_ query: Parameters) throws {
        split = try query.choice("split")
        state = try query.choice("state")
        classIndex = try query.number("class", in: 0...100_000)
        text = query.get("q").map { String($0.prefix(Self.longestText)).lowercased() } ?? ""
    }

    func takes(_ image: IndexedImage) -> Bool {
        if let split, image.split != split { return false }
        if let classIndex, !image.marks.contains(where: { Int($0.classIndex) == classIndex }) { return false }
        if let state, image.state != state { return false }
        return text.isEmpty || image.name.lowercased().contains(text)
    }

    /// The places of the images in a list that it takes.
    func positions(in images: [IndexedImage]) -> [Int] { images.indices.filter { takes(images[$0]) } }
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
