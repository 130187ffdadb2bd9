import Foundation
import Switchback

/// Options with their defaults: what a command takes, what a run's `args.yaml` holds, and what the Swift API is given.
///
/// A conforming struct has stored properties with defaults, and nothing else that is encoded. A property `clipNorm` is the
/// key `clip_norm` of a file. A property that is itself a `Configuration` lends its keys to the one that holds it: files
/// are flat.
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
}

/// One option of a configuration.
struct ConfigurationField {
    /// As files have it: `clip_norm`.
    let key: String
    /// The properties that lead to it: `["training", "clipNorm"]`.
    let path: [String]
    let value: any Encodable
    /// The type without its optionality.
    let type: Any.Type
}

extension Configuration {
    /// All options with their present values, in the order of definition.
    var fields: [ConfigurationField] {
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
