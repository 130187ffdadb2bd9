import Foundation

/// The functions that every template can call.
enum JinjaFunctions {
    nonisolated(unsafe) static let named: [String: JinjaValue] = {
        let functions: [(String, (JinjaEvaluator, JinjaArguments) throws -> JinjaValue)] = [
            ("range", { try range($1, $0) }), ("namespace", { try namespace($1) }), ("dict", { try dictionary($1) }),
            ("raise_exception", { try refuse($1) }), ("strftime_now", { try now($1) }),
            ("cycler", { _, _ in throw JinjaError("cycler is not supported") }),
            ("joiner", { try joiner($1) }),
        ]
        return Dictionary(
            uniqueKeysWithValues: functions.map { ($0.0, .function(JinjaFunction($0.0, $0.1))) })
    }()

    /// Jinja's own bound on the length of a range.
    private static let longestRange = 100_000

    private static func range(_ arguments: JinjaArguments, _ evaluator: JinjaEvaluator) throws -> JinjaValue {
        let bounds = try arguments.positional.map { value in
            guard let number = value.asInteger else { throw JinjaError("range needs whole numbers, not \(value.kind)") }
            return number
        }
        guard (1...3).contains(bounds.count), bounds.count < 3 || bounds[2] != 0 else {
            throw JinjaError("range needs one to three numbers, of which the third is not 0")
        }
        let (start, end) = bounds.count == 1 ? (0, bounds[0]) : (bounds[0], bounds[1])
        let step = bounds.count == 3 ? bounds[2] : 1
        let (distance, overflows) = end.subtractingReportingOverflow(start)
        guard !overflows, distance / step <= longestRange else { throw JinjaError("a range is too long") }
        let values = stride(from: start, to: end, by: step).map { JinjaValue.integer($0) }
        try evaluator.spend(values.count)
        return .list(values)
    }

    private static func dictionary(_ arguments: JinjaArguments) throws -> JinjaValue {
        var dictionary = JinjaDictionary()
        if let first = arguments.positional.first {
            if case .dictionary(let given) = first {
                dictionary = given
            } else {
                for entry in try first.entries() {
                    let pair = try entry.entries()
                    guard pair.count == 2 else { throw JinjaError("dict needs pairs") }
                    dictionary[pair[0]] = pair[1]
                }
            }
        }
        for (name, value) in arguments.named { dictionary[.string(name)] = value }
        return .dictionary(dictionary)
    }

    private static func namespace(_ arguments: JinjaArguments) throws -> JinjaValue {
        guard case .dictionary(let dictionary) = try dictionary(arguments) else { return .none }
        let members = try dictionary.entries.map { (try $0.key.text().string, $0.value) }
        return .namespace(JinjaNamespace(Dictionary(members) { _, last in last }))
    }

    private static func refuse(_ arguments: JinjaArguments) throws -> JinjaValue {
        throw JinjaError(try arguments.required(0, "message").text().string, isRefusal: true)
    }

    private static func now(_ arguments: JinjaArguments) throws -> JinjaValue {
        .string(try formatted(Date(), as: arguments.required(0, "format").text().string))
    }

    /// A time as C's `strftime` writes it, whose names of days and months are English here.
    static func formatted(_ date: Date, as format: String) throws -> String {
        guard format.utf8.count <= 1000 else { throw JinjaError("the format of a time is too long") }
        if format.isEmpty { return "" }
        var seconds = time_t(date.timeIntervalSince1970)
        var parts = tm()
        localtime_r(&seconds, &parts)
        var buffer = [CChar](repeating: 0, count: 16 * format.utf8.count + 256)
        // Python has microseconds, which C has not.
        let count = strftime(&buffer, buffer.count, format.replacing("%f", with: "000000"), &parts)
        return String(decoding: buffer.prefix(count).map(UInt8.init(bitPattern:)), as: UTF8.self)
    }

    private static func joiner(_ arguments: JinjaArguments) throws -> JinjaValue {
        let separator = arguments[0, "sep"] ?? .string(", ")
        let state = JinjaNamespace([:])
        return .function(
            JinjaFunction("joiner") { _, _ in
                defer { state.members["used"] = .bool(true) }
                return state.members["used"] == nil ? .string("") : separator
            })
    }
}
