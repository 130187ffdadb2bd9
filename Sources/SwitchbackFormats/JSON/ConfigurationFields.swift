import Switchback

/// The fields of a JSON object in a file, read by name; errors say which field of which file.
public struct ConfigurationFields {
    public let path: String
    private let prefix: String
    private var members: [(name: String, value: JSON)]

    /// Reads a file that holds one object.
    public init(file path: String) throws {
        try self.init(JSON(file: path), path: path, prefix: "")
    }

    /// - Parameter prefix: where in the file the object is: `rope_parameters.`.
    public init(_ value: JSON, path: String, prefix: String = "") throws {
        guard case .object(let members) = value else {
            throw InputError(path, at: prefix.isEmpty ? nil : "field \(prefix.dropLast())", "is not a JSON object")
        }
        self.members = members
        self.path = path
        self.prefix = prefix
    }

    /// The value of a member; `nil` if it is missing or null.
    public subscript(name: String) -> JSON? {
        guard let value = members.first(where: { $0.name == name })?.value else { return nil }
        if case .null = value { return nil }
        return value
    }

    public var names: [String] { members.map(\.name) }

    /// The object.
    package var json: JSON { .object(members) }

    /// The same fields with another value of one.
    package func setting(_ name: String, to value: JSON) -> ConfigurationFields {
        var result = self
        result.members.removeAll { $0.name == name }
        result.members.append((name, value))
        return result
    }

    /// The problem of a member.
    public func problem(_ name: String, _ problem: String, remedy: String? = nil) -> InputError {
        InputError(path, at: "field \(prefix)\(name)", problem, remedy: remedy)
    }

    private func required(_ name: String) throws -> JSON {
        guard let value = self[name] else { throw problem(name, "it is missing") }
        return value
    }

    // MARK: By type

    /// An integer of at least `minimum`.
    public func integer(_ name: String, minimum: Int = 1) throws -> Int {
        guard let number = try required(name).wholeNumber, number >= minimum else {
            throw problem(name, "a whole number of at least \(minimum) is needed")
        }
        return number
    }

    public func integer(_ name: String, minimum: Int = 1, default value: Int) throws -> Int {
        self[name] == nil ? value : try integer(name, minimum: minimum)
    }

    public func number(_ name: String) throws -> Double {
        guard let number = try required(name).finiteNumber else { throw problem(name, "a number is needed") }
        return number
    }

    public func number(_ name: String, default value: Double) throws -> Double {
        self[name] == nil ? value : try number(name)
    }

    public func probability(_ name: String) throws -> Double {
        let number = try number(name)
        guard (0...1).contains(number) else {
            throw problem(name, "\(number) is not a probability, which is from 0 to 1")
        }
        return number
    }

    public func probability(_ name: String, default value: Double) throws -> Double {
        self[name] == nil ? value : try probability(name)
    }

    public func bool(_ name: String, default value: Bool) throws -> Bool {
        switch self[name] {
        case nil: return value
        case .bool(let flag): return flag
        default: throw problem(name, "true or false is needed")
        }
    }

    public func string(_ name: String) throws -> String {
        guard case .string(let text) = try required(name) else { throw problem(name, "text is needed") }
        return text
    }

    public func string(_ name: String, default value: String) throws -> String {
        self[name] == nil ? value : try string(name)
    }

    /// One number, or a list of them, as a list; empty where it is missing.
    public func integers(_ name: String) throws -> [Int] {
        switch self[name] {
        case nil: return []
        case .integer(let number): return [number]
        case .array(let values):
            return try values.map { value in
                guard let number = value.wholeNumber else { throw problem(name, "whole numbers are needed") }
                return number
            }
        default: throw problem(name, "a whole number or a list of them is needed")
        }
    }

    public func object(_ name: String) throws -> ConfigurationFields? {
        try self[name].map { try ConfigurationFields($0, path: path, prefix: "\(prefix)\(name).") }
    }

    /// An object that stands in a list of this one, at a place such as `tools[0]`.
    package func element(_ value: JSON, _ place: String) throws -> ConfigurationFields {
        try ConfigurationFields(value, path: path, prefix: "\(prefix)\(place).")
    }

    /// The objects of a list; none without it.
    package func entries(_ name: String) throws -> [ConfigurationFields] {
        try (array(name) ?? []).enumerated().map { try element($1, "\(name)[\($0)]") }
    }

    public func array(_ name: String) throws -> [JSON]? {
        switch self[name] {
        case nil: return nil
        case .array(let values): return values
        default: throw problem(name, "a list is needed")
        }
    }
}
