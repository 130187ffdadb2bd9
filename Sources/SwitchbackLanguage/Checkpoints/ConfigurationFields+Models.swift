import Switchback
import SwitchbackFormats

// What a model here can be.

extension ConfigurationFields {
    /// Throws where a flag, if it is there, is not `value`: the only one that is implemented.
    func requireOnly(_ name: String, _ value: Bool) throws {
        guard try bool(name, default: value) == value else {
            throw problem(name, "it is \(!value), and only \(value) is supported")
        }
    }

    /// Throws where a name is none of those that are implemented.
    func requireOnly(_ name: String, _ values: [String], default value: String) throws {
        let found = try string(name, default: value)
        guard values.contains(found) else {
            let hint = found.nearest(in: values).map { "; did you mean \($0)?" } ?? ""
            throw problem(name, "it is \(found); supported are \(values.joined(separator: ", "))\(hint)")
        }
    }

    func requireDivisible(_ name: String, by divisor: String) throws {
        let (whole, parts) = (try integer(name), try integer(divisor))
        guard whole % parts == 0 else {
            throw problem(name, "\(whole) cannot be divided by the \(parts) of \(divisor)")
        }
    }
}
