import Switchback
import SwitchbackFormats

// Numbers and choices of a request within bounds. Each throws `InputError` with the field and what is expected.

extension ConfigurationFields {
    /// A finite number within a range.
    func number(_ name: String, in range: ClosedRange<Double>, default value: Double) throws -> Double {
        let number = try number(name, default: value)
        guard range.contains(number) else {
            throw problem(
                name,
                "\(number.general(6)) is not between \(range.lowerBound.general(6)) and \(range.upperBound.general(6))")
        }
        return number
    }

    /// A whole number within a range.
    func integer(_ name: String, in range: ClosedRange<Int>, default value: Int) throws -> Int {
        let number = try integer(name, minimum: range.lowerBound, default: value)
        guard range.contains(number) else {
            throw problem(name, "\(number) is more than \(range.upperBound), the most that is allowed")
        }
        return number
    }

    /// One of a list of names.
    func choice<Choice: RawRepresentable<String> & CaseIterable>(_ name: String, default value: Choice) throws -> Choice
    {
        let text = try string(name, default: value.rawValue)
        guard let choice = Choice(rawValue: text) else {
            let names = Choice.allCases.map(\.rawValue)
            throw problem(
                name, "\(text) is none of \(names.joined(separator: ", "))",
                remedy: text.nearest(in: names).map { "did you mean \($0)?" })
        }
        return choice
    }
}
