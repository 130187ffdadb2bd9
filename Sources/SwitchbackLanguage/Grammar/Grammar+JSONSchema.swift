import Switchback
import SwitchbackFormats

extension Grammar {
    /// JSON texts that are objects.
    public static func jsonObject() -> Grammar {
        let json = JSONGrammar()
        return json.text(of: json.object)
    }

    /// JSON texts that a schema accepts (JSON Schema, draft 2020-12): objects have the properties that it names, in its
    /// order, and no others where it names any.
    ///
    /// - Throws: `InputError` over a keyword that cannot be kept, and a schema that is too large.
    public static func json(schema: ConfigurationFields) throws -> Grammar {
        var compiler = SchemaCompiler(root: schema)
        let value = try compiler.rule(for: schema)
        return compiler.json.text(of: value)
    }
}

extension Grammar {
    /// Calls of functions: objects with `name` and the arguments, between two texts.
    static func jsonCalls(
        of functions: [(name: String, parameters: ConfigurationFields?)], argumentsName: String, _ opening: String,
        _ closing: String
    ) throws -> Grammar {
        var json = JSONGrammar()
        var calls: [[Symbol]] = []
        for (name, parameters) in functions {
            var arguments = json.object
            if let parameters {
                var compiler = SchemaCompiler(root: parameters, json)
                arguments = try compiler.rule(for: parameters)
                json = compiler.json
            }
            let start = "\(opening){\"name\": \(JSON.string(name).line), \"\(argumentsName)\": "
            calls.append(literal(start) + [.rule(arguments)] + literal("}" + closing))
        }
        let call = json.rule(calls)
        return json.text(of: call)
    }
}

/// Makes a grammar of a JSON Schema.
private struct SchemaCompiler {
    var json: JSONGrammar
    let root: ConfigurationFields
    /// The rules of what references name.
    private var references: [String: Grammar.Rule] = [:]
    /// References that are being followed, with nothing written since.
    private var open: Set<String> = []
    /// In how many schemas this one lies, references among them: as many as calls are nested.
    private var depth = 0

    private static let mostSymbols = 200_000
    private static let deepest = 200
    /// Of the properties of an object, and of `$defs`: each is looked up among them.
    private static let mostNames = 5000
    /// Words about a schema that change nothing of what it accepts.
    private static let annotations = [
        "title", "description", "default", "examples", "deprecated", "readOnly", "writeOnly", "$schema", "$id",
        "$comment", "$defs", "definitions",
    ]

    init(root: ConfigurationFields, _ json: JSONGrammar = JSONGrammar()) { (self.root, self.json) = (root, json) }

    mutating func rule(for schema: ConfigurationFields) throws -> Grammar.Rule {
        guard json.grammar.symbols.count < SchemaCompiler.mostSymbols else {
            throw root.problem("properties", "the schema is too large", remedy: "simplify it")
        }
        depth += 1
        defer { depth -= 1 }
        guard depth <= SchemaCompiler.deepest else {
            throw root.problem(
                "properties", "its schemas lie in more than \(SchemaCompiler.deepest) others", remedy: "simplify it")
        }
        if schema["$ref"] != nil {
            try check(schema, has: ["$ref"])
            return try reference(schema)
        }
        if let choices = try schemas(schema, "anyOf") {
            try check(schema, has: ["anyOf"])
            return try json.rule(choices.map { [.rule(try rule(for: $0))] })
        }
        if let parts = try schemas(schema, "allOf") {
            try check(schema, has: ["allOf"])
            guard parts.count == 1 else { throw schema.problem("allOf", "only a list of one schema is supported") }
            return try rule(for: parts[0])
        }
        if let values = try values(schema) {
            return json.rule(values.map { Grammar.literal($0.line) })
        }
        return try rule(forTypes: types(of: schema), schema)
    }

    // MARK: Parts of a schema

    /// Throws over a keyword that would be passed over.
    private func check(_ schema: ConfigurationFields, has known: [String]) throws {
        for name in schema.names where !(known + SchemaCompiler.annotations).contains(where: name.isExactly) {
            throw schema.problem(name, "this keyword of JSON Schema is not supported here", remedy: "leave it away")
        }
    }

    /// The schema under a name; any value where it is `true` or missing.
    private mutating func rule(_ name: String, of schema: ConfigurationFields) throws -> Grammar.Rule {
        switch schema[name] {
        case nil, .bool(true): return json.value
        default:
            guard let inner = try schema.object(name) else { return json.value }
            return try rule(for: inner)
        }
    }

    private func schemas(_ schema: ConfigurationFields, _ name: String) throws -> [ConfigurationFields]? {
        guard schema[name] != nil else { return nil }
        let list = try schema.entries(name)
        if list.isEmpty { throw schema.problem(name, "the list is empty") }
        return list
    }

    private mutating func reference(_ schema: ConfigurationFields) throws -> Grammar.Rule {
        let name = try schema.string("$ref")
        if open.contains(name) { throw schema.problem("$ref", "\(name) leads to itself") }
        if let known = references[name] { return known }
        guard let target = try target(of: name) else {
            throw schema.problem("$ref", "there is no \(name)", remedy: "name a schema of $defs: #/$defs/NAME")
        }
        let rule = json.rule()
        references[name] = rule
        open.insert(name)
        defer { open.remove(name) }
        json.define(rule, [[.rule(try self.rule(for: target))]])
        return rule
    }

    private func target(of reference: String) throws -> ConfigurationFields? {
        if reference == "#" { return root }
        for list in ["$defs", "definitions"] where reference.hasPrefix("#/\(list)/") {
            let schemas = try root.object(list)
            if let schemas { try checkCount(schemas, root, list) }
            return try schemas?.object(String(reference.dropFirst(list.count + 3)))
        }
        return nil
    }

    private func checkCount(_ schemas: ConfigurationFields, _ schema: ConfigurationFields, _ name: String) throws {
        guard schemas.names.count <= SchemaCompiler.mostNames else {
            throw schema.problem(name, "it has more than \(SchemaCompiler.mostNames) schemas", remedy: "simplify it")
        }
    }

    /// What `const` or `enum` list.
    private func values(_ schema: ConfigurationFields) throws -> [JSON]? {
        guard case .object(let members) = schema.json else { return nil }
        if let constant = members.first(where: { $0.name == "const" })?.value {
            try check(schema, has: ["const", "type"])
            return [constant]
        }
        guard let list = try schema.array("enum") else { return nil }
        try check(schema, has: ["enum", "type"])
        if list.isEmpty || list.count > 1000 { throw schema.problem("enum", "1 to 1000 values are needed") }
        return list
    }

    private func types(of schema: ConfigurationFields) throws -> [String] {
        switch schema["type"] {
        case nil:
            if schema["properties"] != nil { return ["object"] }
            if schema["items"] != nil { return ["array"] }
            return ["object", "array", "string", "number", "boolean", "null"]
        case .string(let name): return [name]
        case .array(let names):
            return try names.map { name in
                guard case .string(let name) = name else { throw schema.problem("type", "names of types are needed") }
                return name
            }
        default: throw schema.problem("type", "the name of a type is needed, or a list of them")
        }
    }

    private static let keywords = [
        "object": ["properties", "required", "additionalProperties"], "array": ["items", "minItems", "maxItems"],
        "string": ["minLength", "maxLength"], "integer": ["minimum", "maximum", "exclusiveMinimum"],
    ]

    private mutating func rule(forTypes types: [String], _ schema: ConfigurationFields) throws -> Grammar.Rule {
        try check(schema, has: ["type"] + types.flatMap { SchemaCompiler.keywords[$0] ?? [] })
        var choices: [[Grammar.Symbol]] = []
        for type in types {
            let rule: Grammar.Rule
            switch type {
            case "object": rule = try consuming { try $0.object(schema) }
            case "array": rule = try consuming { try $0.array(schema) }
            case "string": rule = try string(schema)
            case "integer": rule = try integer(schema)
            case "number": rule = json.number
            case "boolean": rule = json.bool
            case "null": rule = json.null
            default: throw schema.problem("type", "there is no type \(type) in JSON Schema")
            }
            choices.append([.rule(rule)])
        }
        return choices.isEmpty ? json.value : json.rule(choices)
    }

    /// Compiles what begins with a character: references in it may lead back.
    private mutating func consuming(
        _ compile: (inout SchemaCompiler) throws -> Grammar.Rule
    ) throws -> Grammar.Rule {
        let outer = open
        defer { open = outer }
        open = []
        return try compile(&self)
    }

    // MARK: Types

    private mutating func object(_ schema: ConfigurationFields) throws -> Grammar.Rule {
        let required = try schema.array("required") ?? []
        guard let properties = try schema.object("properties"), !properties.names.isEmpty else {
            if !required.isEmpty { throw schema.problem("required", "it names what properties does not have") }
            switch schema["additionalProperties"] {
            case .bool(false): return json.rule([Grammar.literal("{}")])
            case nil, .bool(true): return json.object
            default: return json.map(to: try rule("additionalProperties", of: schema))
            }
        }
        try checkCount(properties, schema, "properties")
        let known = Set(properties.names.map(ExactText.init))
        let needed = try Set(
            required.map { name in
                guard case .string(let name) = name, known.contains(ExactText(name)) else {
                    throw schema.problem("required", "it names what properties does not have")
                }
                return ExactText(name)
            })
        // What follows a property, first or after others, from the last one on.
        var rest = [json.rule([[]]), json.rule([[]])]
        for name in properties.names.reversed() {
            let value = try rule(name, of: properties)
            let member = Grammar.literal(JSON.string(name).line) + json.colon + [.rule(value), .rule(rest[1])]
            let isNeeded = needed.contains(ExactText(name))
            rest = [0, 1].map { number in
                json.rule([(number == 0 ? [] : json.comma) + member] + (isNeeded ? [] : [[.rule(rest[number])]]))
            }
        }
        let open = Grammar.literal("{") + [.rule(json.space), .rule(rest[0]), .rule(json.space)]
        return json.rule([open + Grammar.literal("}")])
    }

    private mutating func array(_ schema: ConfigurationFields) throws -> Grammar.Rule {
        let (minimum, maximum) = try bounds(schema, "minItems", "maxItems")
        return json.list(of: try rule("items", of: schema), minimum, maximum)
    }

    private mutating func string(_ schema: ConfigurationFields) throws -> Grammar.Rule {
        let (minimum, maximum) = try bounds(schema, "minLength", "maxLength")
        return minimum == 0 && maximum == nil ? json.string : json.string(minimum, maximum)
    }

    private func bounds(
        _ schema: ConfigurationFields, _ lowest: String, _ highest: String
    ) throws -> (minimum: Int, maximum: Int?) {
        let minimum = try schema.integer(lowest, minimum: 0, default: 0)
        let maximum = try schema[highest] == nil ? nil : schema.integer(highest, minimum: minimum)
        guard max(minimum, maximum ?? 0) <= 4096 else { throw schema.problem(highest, "at most 4096 is supported") }
        return (minimum, maximum)
    }

    private mutating func integer(_ schema: ConfigurationFields) throws -> Grammar.Rule {
        guard let bound = ["minimum", "maximum", "exclusiveMinimum"].first(where: { schema[$0] != nil }) else {
            return json.integer
        }
        var lowest = try schema["minimum"] == nil ? Int.min : schema.integer("minimum", minimum: .min)
        if schema["exclusiveMinimum"] != nil {
            lowest = max(lowest, try schema.integer("exclusiveMinimum", minimum: .min) &+ 1)
        }
        let highest = try schema["maximum"] == nil ? Int.max : schema.integer("maximum", minimum: .min)
        if highest == .max && (lowest == 0 || lowest == 1) {
            return lowest == 1 ? json.positive : json.rule([Grammar.literal("0"), [.rule(json.positive)]])
        }
        let (span, overflow) = highest.subtractingReportingOverflow(lowest)
        guard !overflow, (0...1000).contains(span) else {
            throw schema.problem(bound, "only a range of at most 1000 numbers, or one from 0 or 1 on, is supported")
        }
        return json.rule((lowest...highest).map { Grammar.literal("\($0)") })
    }
}
