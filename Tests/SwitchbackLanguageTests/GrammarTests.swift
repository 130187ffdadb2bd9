import Foundation
import Switchback
import SwitchbackFormats
import SwitchbackLanguage
import TestSupport
import Testing

/// Texts that have to be JSON.
struct GrammarTests {
    private func schema(_ text: String) throws -> ConfigurationFields {
        try ConfigurationFields(JSON(text), path: "schema")
    }

    private static let person = #"""
        {"type": "object", "properties": {
          "name": {"type": "string", "maxLength": 5}, "age": {"type": "integer", "minimum": 0, "maximum": 120},
          "tags": {"type": "array", "items": {"enum": ["a", "b\"c", 3, null]}, "minItems": 1, "maxItems": 2},
          "next": {"anyOf": [{"$ref": "#"}, {"type": "null"}]}, "note": {"type": ["string", "boolean"]}},
          "required": ["name", "tags"], "additionalProperties": false}
        """#

    @Test func whatASchemaAccepts() throws {
        let grammar = try Grammar.json(schema: schema(Self.person))
        for text in [
            #"{"name": "Ann", "tags": ["a"]}"#, #"{"name":"é\n\u00e9","age":120,"tags":["b\"c",3]}"#,
            #" {"name": "", "tags": [null], "note": true}"#, "{\n  \"name\": \"\", \"tags\": [3]\n}",
            #"{"name": "", "tags": ["a"], "next": {"name": "x", "tags": ["a"], "next": null}, "note": "n"}"#,
        ] { #expect(grammar.accepts(text), "\(text)") }
        for text in [
            "", "{}", #"{"name": "Ann"}"#, #"{"name": "Ann", "tags": []}"#,
            #"{"name": "Ann", "tags": ["a", "a", "a"]}"#,
            #"{"name": "123456", "tags": ["a"]}"#, #"{"name": "", "age": 121, "tags": ["a"]}"#,
            #"{"name": "", "age": -1, "tags": ["a"]}"#, #"{"tags": ["a"], "name": ""}"#,
            #"{"name": "", "tags": ["a"], "other": 1}"#, #"{"name": "", "tags": ["a"],}"#,
            #"{"name": "\ud800", "tags": ["a"]}"#,
            "{\"name\": \"\u{1}\", \"tags\": [\"a\"]}", #"{"name": "", "tags": ["a"]} x"#,
        ] { #expect(!grammar.accepts(text), "\(text)") }
    }

    @Test func anyObject() {
        let grammar = Grammar.jsonObject()
        for text in ["{}", #"{"a": [1, -0.5e-7, {"b": null}], "c": "\\", "d": [[], {}], "é": true}"#] {
            #expect(grammar.accepts(text), "\(text)")
        }
        for text in [
            "[]", "1", "{", #"{"a"}"#, #"{"a": 01}"#, #"{"a": .5}"#, #"{"a": 1e999}"#, #"{"a": "\x"}"#,
            "{\"a\":         1}",
        ] {
            #expect(!grammar.accepts(text), "\(text)")
        }
    }

    @Test(arguments: [
        (#"{"type": "string", "pattern": "a+"}"#, "field pattern: this keyword"), (#"{"oneOf": []}"#, "field oneOf"),
        (##"{"$ref": "#/$defs/A"}"##, "there is no #/$defs/A"), (##"{"anyOf": [{"$ref": "#"}]}"##, "# leads to itself"),
        (#"{"type": "text"}"#, "there is no type text"), (#"{"type": "object", "required": ["a"]}"#, "required"),
        (#"{"type": "integer", "minimum": 5}"#, "only a range"),
        (#"{"type": "string", "maxLength": 100000}"#, "at most 4096"),
        (#"{"type": "array", "uniqueItems": true}"#, "uniqueItems"),
        (
            ##"{"anyOf": [{"$ref": "#/$defs/A"}], "$defs": {"A": {"anyOf": [{"$ref": "#/$defs/A"}]}}}"##,
            "leads to itself"
        ),
    ])
    func schemasThatCannotBeKept(_ text: String, _ sentence: String) throws {
        let error = #expect(throws: InputError.self) { try Grammar.json(schema: schema(text)) }
        #expect(error?.description.contains(sentence) == true, "\(String(describing: error))")
    }

    /// References that lead from one to the next, each nested in a call of the compiler.
    @Test(arguments: [##"{"$ref": "#/$defs/NEXT"}"##, ##"{"properties": {"a": {"$ref": "#/$defs/NEXT"}}}"##])
    func aSchemaThatIsTooDeep(_ link: String) throws {
        func chain(_ count: Int) throws -> ConfigurationFields {
            let links = (0..<count).map { #""d\#($0)": "# + link.replacing("NEXT", with: "d\($0 + 1)") }
            let names = (links + [#""d\#(count)": {"type": "string"}"#]).joined(separator: ", ")
            return try schema(##"{"$ref": "#/$defs/d0", "$defs": {\##(names)}}"##)
        }
        _ = try Grammar.json(schema: chain(30))
        for count in [1000, 4990, 20_000] {
            let error = #expect(throws: InputError.self) { try Grammar.json(schema: chain(count)) }
            #expect(error?.description.contains("simplify it") == true)
        }
    }

    @Test func namesThatAreRequiredTakeNoSquare() throws {
        let names = (0..<4000).map { "p\($0)" }
        let members = names.map { #""\#($0)": {"type": "null"}"# }.joined(separator: ", ")
        let required = names.map { "\"\($0)\"" }.joined(separator: ", ")
        let text = #"{"properties": {\#(members)}, "required": [\#(required)]}"#
        try withinAMinute { _ = try Grammar.json(schema: schema(text)) }
    }

    @Test func aSchemaThatIsTooLarge() throws {
        let members = (0..<200).map { #""p\#($0)": {"type": "string", "maxLength": 4000}"# }.joined(separator: ", ")
        let error = #expect(throws: InputError.self) {
            try withinAMinute { try Grammar.json(schema: schema(#"{"properties": {\#(members)}}"#)) }
        }
        #expect(error?.description.contains("too large") == true)
    }

    /// Whatever a model that has learned nothing would write, it is JSON, and what the schema says.
    @Test func textsThatAModelWrites() throws {
        let tokenizer = try Tokenizers.load(fixtureFolder.appendingPathComponent("tiny-llama/tokenizer.json").path)
        let model = Generator.withDefault(Generator(seed: 3)) {
            GPT2(GPT2Configuration(vocabularySize: 710, contextLength: 400, width: 16, layers: 1, heads: 2))
        }
        let table = TokenTable(tokenizer)
        let wanted = #"""
            {"type": "object", "properties": {"name": {"type": "string", "maxLength": 9},
              "size": {"type": "number"}, "ok": {"type": "boolean"}, "list": {"type": "array", "items": {"type": "integer"}, "maxItems": 3}},
              "required": ["name", "size", "ok"]}
            """#
        var generator = TextGenerator(model, tokenizer)
        generator.options.grammar = TokenGrammar(try Grammar.json(schema: schema(wanted)), table)
        var texts: Set<String> = []
        for seed in 0..<12 {
            generator.options.seed = UInt64(seed)
            let result = try generator.generate("the 12", tokens: 300)
            #expect(result.ending == .stop, "\(result.text)")
            let fields = try ConfigurationFields(JSON(result.text), path: "answer")
            #expect(try fields.string("name").unicodeScalars.count <= 9 && fields["size"] != nil)
            #expect(Set(fields.names).isSubset(of: ["name", "size", "ok", "list"]), "\(result.text)")
            texts.insert(result.text)
        }
        #expect(texts.count > 6)
        // One that cannot write what is needed says so.
        let letters = CharacterTokenizer(charactersOf: "abc")
        let small = GPT2(GPT2Configuration(vocabularySize: 3, contextLength: 16, width: 8, layers: 1, heads: 1))
        var other = TextGenerator(small, letters)
        other.options.grammar = TokenGrammar(.jsonObject(), TokenTable(letters))
        let error = #expect(throws: InputError.self) { try other.generate("a", tokens: 5) }
        #expect(error?.description.contains("no token with which") == true)
    }

    @Test(arguments: [ToolCallForm.tagged, .object, .list])
    func callsThatMustBe(_ form: ToolCallForm) throws {
        let parameters = try schema(
            #"{"type": "object", "properties": {"city": {"type": "string"}}, "required": ["city"]}"#)
        let grammar = try form.grammar(of: [("weather", parameters), ("now", nil)])
        let name = form == .object ? "parameters" : "arguments"
        func text(_ call: String) -> String {
            switch form {
            case .tagged: "<tool_call>\n\(call)\n</tool_call>"
            case .object: call
            case .list: "[\(call)]"
            }
        }
        let call = text(#"{"name": "weather", "\#(name)": {"city": "Rome"}}"#)
        #expect(grammar.accepts(call) && grammar.accepts(text(#"{"name": "now", "\#(name)": {}}"#)))
        #expect(!grammar.accepts(text(#"{"name": "weather", "\#(name)": {}}"#)) && !grammar.accepts("Rome"))
        #expect(
            form.parse(call, functions: ["weather"]).calls == [
                ToolCall(name: "weather", arguments: #"{"city": "Rome"}"#)
            ])
        #expect(form.parse(call, functions: ["weather"]).content.isEmpty)
    }
}

extension JSON {
    fileprivate init(_ text: String) throws {
        self = try Array(text.utf8).withUnsafeBytes { try JSON(parsing: $0) }
    }
}
