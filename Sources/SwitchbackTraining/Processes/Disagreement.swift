/// What processes have that should have the same: each value, and who has it.
struct Disagreement<Value: Hashable> {
    /// In the order of the first process that has each.
    let sides: [(value: Value, places: [String])]

    /// - Parameter values: those of all processes, in their order.
    /// - Returns: `nil` where all are the same.
    init?(_ values: [(value: Value, place: String)]) {
        sides = values.reduce(into: []) { sides, own in
            guard let position = sides.firstIndex(where: { $0.value == own.value }) else {
                return sides.append((own.value, [own.place]))
            }
            sides[position].places.append(own.place)
        }
        if sides.count < 2 { return nil }
    }

    /// Those that do not have what most have; `nil` where as many have one as another.
    var minority: String? {
        let largest = sides.map(\.places.count).max() ?? 0
        guard sides.count(where: { $0.places.count == largest }) == 1 else { return nil }
        return sides.filter { $0.places.count < largest }.map { Self.list($0.places) }.joined(separator: ", ")
    }

    /// "process 1 of 2 on a against process 2 of 2 on b".
    var opponents: String { sides.map { Self.list($0.places) }.joined(separator: " against ") }

    /// "process 1 of 2 on a has 8, process 2 of 2 on b has 7".
    func description(_ text: (Value) -> String) -> String {
        sides.map { "\(Self.list($0.places)) \($0.places.count == 1 ? "has" : "have") \(text($0.value))" }
            .joined(separator: ", ")
    }

    private static func list(_ places: [String]) -> String { places.joined(separator: ", ") }
}

extension ProcessGroup {
    private struct Placed<Value: Codable>: Codable {
        let value: Value
        let place: String
    }

    /// What processes have of something that all should have alike; `nil` where they do. All say the same.
    func disagreement<Value: Codable & Hashable>(on own: Value) throws -> Disagreement<Value>? {
        if size == 1 { return nil }
        return Disagreement(try gather(Placed(value: own, place: place)).map { ($0.value, $0.place) })
    }
}
