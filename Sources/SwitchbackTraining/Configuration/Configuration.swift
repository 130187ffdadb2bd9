import Foundation
import Switchback
import SwitchbackFormats

/// Options with their defaults: what a command takes, what a run's `args.yaml` holds, and what the Swift API is given.
///
/// A conforming struct has stored properties with defaults, and nothing else that is encoded. A property `clipNorm` is
/// the key `clip_norm` of a file. A property that is itself a `Configuration` lends its keys to the one that holds it:
/// files are flat.
///
/// ```swift
/// struct ClassifierConfiguration: Configuration {
///     var data = "digits"
///     var training = TrainingConfiguration()
/// }
/// ```
public protocol Configuration: Codable, Equatable, Sendable {
    /// The defaults.
    init()

    /// Which numbers its own options can have, by their keys; those that are not named can have any finite one.
    static var ranges: [String: NumberRange] { get }

    /// Its own options that differ from the defaults in vain; none if not defined.
    func ownUnusedOptions(besides defaults: Self) -> [UnusedOption]
}

/// A number that its option cannot have.
public struct NumberOutOfRange {
    /// The option, as files have it: `clip_norm`.
    public let key: String
    public let number: String
    /// Which numbers it can have, as the end of a sentence: `a number from 0 to 1 is needed`.
    public let problem: String
}

extension Configuration {
    public static var ranges: [String: NumberRange] { [:] }

    /// Throws `InputError` over the first number that its option cannot have.
    public func check() throws {
        if let found = outOfRange {
            throw InputError("option \(found.key)", "is \(found.number), and \(found.problem)")
        }
    }

    /// The first number that its option cannot have.
    public var outOfRange: NumberOutOfRange? {
        for (label, value) in Mirror(reflecting: self).children {
            if let section = value as? any Configuration {
                if let found = section.outOfRange { return found }
            } else if let key = label?.snakeCased, let number = Number(value) {
                let range = Self.ranges[key] ?? .any
                if let problem = range.problem(with: number.value, isWhole: number.isWhole) {
                    return NumberOutOfRange(key: key, number: number.value.plain, problem: problem)
                }
            }
        }
        return nil
    }
}

/// The number of an option that has one.
private struct Number {
    let value: Double
    let isWhole: Bool

    init?(_ value: Any) {
        switch value {
        case let number as Double: (self.value, isWhole) = (number, false)
        case let number as Int: (self.value, isWhole) = (Double(number), true)
        default: return nil
        }
    }
}

/// One option of a configuration.
package struct ConfigurationField {
    /// As files have it: `clip_norm`.
    package let key: String
    /// The properties that lead to it: `["training", "clipNorm"]`.
    let path: [String]
    package let value: any Encodable
    /// The type without its optionality.
    let type: Any.Type
}

extension Configuration {
    /// All options with their present values, in the order of definition.
    package var fields: [ConfigurationField] {
        Mirror(reflecting: self).children.flatMap { label, value -> [ConfigurationField] in
            guard let label, let encodable = value as? any Encodable else { return [] }
            if let section = value as? any Configuration {
                return section.fields.map {
                    ConfigurationField(key: $0.key, path: [label] + $0.path, value: $0.value, type: $0.type)
                }
            }
            let type = (Swift.type(of: value) as? any OptionalType.Type)?.wrapped ?? Swift.type(of: value)
            return [ConfigurationField(key: label.snakeCased, path: [label], value: encodable, type: type)]
        }
    }

    /// The keys whose values differ.
    func differences(from other: Self) -> [String] {
        zip(fields, other.fields).compactMap { own, other in
            (try? JSON.text([own.value].map(AnyEncodable.init)))
                == (try? JSON.text([other.value].map(AnyEncodable.init)))
                ? nil : own.key
        }
    }
}

/// Any value that can be encoded, as itself.
struct AnyEncodable: Encodable {
    let value: any Encodable

    init(_ value: any Encodable) { self.value = value }

    func encode(to encoder: any Encoder) throws { try value.encode(to: encoder) }
}

private protocol OptionalType {
    static var wrapped: Any.Type { get }
}

extension Optional: OptionalType {
    fileprivate static var wrapped: Any.Type { Wrapped.self }
}
