import Foundation
import TestSupport
import Testing

/// `switchback chat` and `switchback serve` as people and programs use them.
@Suite struct ServeTests {
    let program: BuiltProgram

    init() throws { program = try BuiltProgram() }

    private static let colors = [("yellow", "lemon"), ("red", "apple"), ("green", "pear")]

    /// A model that has learned three answers: the folder of its run.
    private func model() throws -> String {
        let lines = (0..<90).map { index in
            let (color, fruit) = Self.colors[index % 3]
            return #"{"messages": [{"role": "user", "content": "what is \#(color)?"}, "#
                + #"{"role": "assistant", "content": "the \#(fruit)"}]}"#
        }
        _ = try program.folder.write(lines.joined(separator: "\n"), to: "chat.jsonl")
        let words =
            "User: Assistant: what is yellow? the lemon red apple green pear --- System abcdefghijklmnopqrstuvwxyz.\n"
        _ = try program.folder.write(String(repeating: words, count: 40), to: "text.txt")
        let run = try program.shell(
            """
            $switchback text train --data text.txt --steps 20 --model gpt-mini --context 128 --quiet \
            && $switchback chat train --data chat.jsonl --from runs/text/train --epochs 25 --lr 3e-3 --quiet --json
            """)
        try #require(run.code == 0, "\(run.errors)")
        #expect(run.json["task"] as? String == "chat" && run.json["folder"] as? String == "runs/chat/train")
        return "runs/chat/train"
    }

    @Test func chatInTheTerminal() throws {
        let model = try model()
        let run = try program.shell(
            """
            printf 'what is yellow?\\n\\n/reset\\n/nothing\\n/system abc\\nwhat is red?\\n' \
            | $switchback chat \(model) --temperature 0
            """)
        #expect(run.code == 0 && run.output.contains("the lemon"), "\(run.output)\(run.errors)")
        #expect(run.errors.contains("there is no command /nothing"))
        let json = try program.shell("echo 'what is green?' | $switchback chat \(model) --temperature 0 --json")
        #expect(json.json["answer"] as? String == "the pear" && json.json["ending"] as? String == "stop")
        for (line, sentence) in [
            ("chat trian --data chat.jsonl", "did you mean 'train'?"), ("chat train --data chat.jsonl", "--from"),
            ("serve \(model) --port 70000", "--port is 70000; a whole number from 0 to 65535 is needed"),
            ("serve", "model"),
        ] { #expect(try program.shell("$switchback \(line)").errors.contains(sentence), "\(line)") }
        let strange = ["the pear", "th\u{e9}"].map {
            #"{"messages": [{"role": "user", "content": "what"}, {"role": "assistant", "content": "\#($0)"}]}"#
        }
        _ = try program.folder.write(strange.joined(separator: "\n"), to: "strange.jsonl")
        _ = try program.folder.write("th\u{e9}", to: "strange.txt")
        for (line, sentence) in [
            ("text score --model \(model) strange.txt", "strange.txt: the character '\u{e9}' (U+E9) is not one of the"),
            ("chat train --data strange.jsonl --from \(model)", "strange.jsonl, conversation 2: the character"),
            ("chat nowhere", "nowhere: there is no config.json in it"),
            ("chat \(model) --template chatml", "it has no token <|im_start|>"),
            ("serve nowhere", "nowhere: there is no such file or folder"),
            ("serve runs", "no weights/best.safetensors in it"),
            ("serve \(model) \(model)", "two models have this name"),
        ] {
            let run = try program.shell("$switchback \(line) < /dev/null")
            #expect(run.code == 1 && run.errors.contains(sentence), "\(line): \(run.errors)")
        }
    }

    /// Preferences change what is likely, and the run's folder can be talked to; names of models on the hub are looked for
    /// nowhere without the network.
    @Test func preferencesAndTheHub() throws {
        let lines = (0..<20).map { index in
            let (color, fruit) = Self.colors[index % 3]
            return #"{"prompt": "what is \#(color)?", "chosen": "the \#(fruit)", "rejected": "the \#(color)"}"#
        }
        _ = try program.folder.write(lines.joined(separator: "\n"), to: "pairs.jsonl")
        let words = "User: Assistant: what is yellow? the lemon red apple green pear --- System\n"
        _ = try program.folder.write(String(repeating: words, count: 40), to: "text.txt")
        let run = try program.shell(
            """
            $switchback text train --data text.txt --steps 2 --model gpt-mini --context 64 --quiet \
            && $switchback chat prefer --data pairs.jsonl --from runs/text/train --epochs 2 --batch 4 --lr 1e-3 --quiet --json \
            && $switchback chat prefer --resume runs/prefer/train --epochs 3 --quiet --json
            """)
        #expect(run.code == 0 && run.errors.contains("has no chat template"), "\(run.errors)")
        #expect(run.json["task"] as? String == "prefer" && run.json["folder"] as? String == "runs/prefer/train")
        #expect(run.json["accuracy"] is Double && (run.json["margin"] as? Double ?? 0) > 0, "\(run.output)")
        let talk = try program.shell("echo 'what is red?' | $switchback chat runs/prefer/train --tokens 4 --json")
        #expect(talk.code == 0 && talk.json["tokens"] as? Int == 4, "\(talk.errors)")
        for (line, code, sentence) in [
            ("chat prefer --from runs/text/train", 2, "--data"),
            ("chat prefer --data pairs.jsonl --from runs/text/train --beta 0", 2, "--beta"),
            ("chat prefer --data text.txt --from runs/text/train", 1, "40 of 40 lines cannot be used"),
            ("fetch nobody", 1, "it is not the name of a model on the hub"),
            ("fetch nobody/nothing", 1, "HF_HUB_OFFLINE is set"), ("chat nobody/nothing", 1, "HF_HUB_OFFLINE is set"),
            ("chat runs/nothing", 1, "runs/nothing: there is no config.json in it"),
            ("serve a=nobody/nothing", 1, "HF_HUB_OFFLINE is set"),
        ] {
            let run = try program.shell("HF_HUB_OFFLINE=1 HF_HOME=$PWD/home $switchback \(line) < /dev/null")
            #expect(run.code == code && run.errors.contains(sentence), "\(line): \(run.errors)")
        }
    }

    private static let openAIMissing = "the Python package openai is not installed (pip install openai)"

    /// The official client of OpenAI's interface.
    @Test(.enabled(if: Python.has("openai"), Comment(rawValue: openAIMissing)))
    func openAIClient() throws {
        let server = try RunningServer(program, ["fruit=\(try model())"], environment: ["SWITCHBACK_API_KEY": "secret"])
        try Python.run(
            #"""
            import sys, threading
            import openai

            client = openai.OpenAI(base_url=sys.argv[1] + "/v1", api_key="secret", max_retries=0)
            assert [model.id for model in client.models.list()] == ["fruit"]
            assert client.models.retrieve("fruit").object == "model"

            def ask(color, **options):
                return client.chat.completions.create(
                    model="fruit", messages=[{"role": "user", "content": f"what is {color}?"}], temperature=0, **options)

            answer = ask("yellow")
            assert answer.choices[0].message.content == "the lemon", answer
            assert answer.choices[0].message.role == "assistant" and answer.choices[0].finish_reason == "stop"
            assert answer.usage.total_tokens == answer.usage.prompt_tokens + answer.usage.completion_tokens
            assert ask("red", max_tokens=3).choices[0].finish_reason == "length"
            assert ask("red", stop=["app"]).choices[0].message.content == "the "

            chunks = list(ask("green", stream=True, stream_options={"include_usage": True}))
            assert "".join(c.choices[0].delta.content or "" for c in chunks if c.choices) == "the pear"
            assert chunks[0].choices[0].delta.role == "assistant" and chunks[-1].usage.completion_tokens == 12
            assert chunks[-2].choices[0].finish_reason == "stop"

            # Several at once get what each gets alone.
            answers = {}
            def one(number):
                color = ["yellow", "red", "green"][number % 3]
                answers[number] = ask(color).choices[0].message.content
            threads = [threading.Thread(target=one, args=[number]) for number in range(24)]
            [thread.start() for thread in threads]
            [thread.join() for thread in threads]
            fruits = ["lemon", "apple", "pear"]
            assert answers == {number: "the " + fruits[number % 3] for number in range(24)}, answers

            first, again = (client.completions.create(
                model="fruit", prompt="what is", max_tokens=10, seed=7).choices[0].text for _ in range(2))
            assert first == again and len(first) == 10

            def refused(kind, word, call):
                try:
                    call()
                except kind as error:
                    assert word in str(error) or word == error.code, error
                else:
                    raise AssertionError(f"{word}: not refused")

            refused(openai.BadRequestError, "context_length_exceeded", lambda: ask("a" * 300))
            refused(openai.BadRequestError, "top_p", lambda: ask("red", top_p=2))
            refused(openai.BadRequestError, "at most 128", lambda: ask("red", n=1000))
            refused(openai.BadRequestError, "logit_bias", lambda: ask("red", logit_bias={"5000": 1}))

            # Several texts, and how likely their tokens are.
            three = ask("red", n=3, logprobs=True, top_logprobs=2)
            assert [choice.index for choice in three.choices] == [0, 1, 2]
            assert all(choice.message.content == "the apple" for choice in three.choices)
            entries = three.choices[1].logprobs.content
            assert "".join(entry.token for entry in entries).startswith("the apple"), entries
            assert all(len(entry.top_logprobs) == 2 and entry.top_logprobs[0].logprob == entry.logprob <= 0 for entry in entries)
            assert three.usage.prompt_tokens == ask("red").usage.prompt_tokens
            parts = {}
            for chunk in ask("red", n=2, stream=True, logprobs=True):
                for choice in chunk.choices:
                    parts.setdefault(choice.index, []).append(choice)
            for choices in parts.values():
                assert "".join(c.delta.content or "" for c in choices) == "the apple"
                told = "".join(t.token for c in choices if c.logprobs for t in c.logprobs.content)
                assert told.startswith("the apple") and choices[-1].finish_reason == "stop", told
            texts = client.completions.create(
                model="fruit", prompt=["what is", "the"], n=2, seed=7, max_tokens=10, logprobs=3, temperature=0)
            assert [choice.index for choice in texts.choices] == [0, 1, 2, 3]
            assert texts.choices[0].text == texts.choices[1].text and texts.choices[2].text == texts.choices[3].text
            told = texts.choices[0].logprobs
            assert "".join(told.tokens) == texts.choices[0].text and told.text_offset[:2] == [0, 1]
            assert told.top_logprobs[0][told.tokens[0]] == told.token_logprobs[0] and len(told.top_logprobs[0]) == 3
            echoed = client.completions.create(model="fruit", prompt="what is", max_tokens=3, temperature=0, echo=True)
            assert echoed.choices[0].text == "what is" + texts.choices[0].text[:3], echoed
            token = client.post("/../tokenize", body={"prompt": "l"}, cast_to=object)["tokens"][0]
            assert client.post("/../detokenize", body={"tokens": [token]}, cast_to=object)["prompt"] == "l"
            assert "l" not in ask("yellow", logit_bias={str(token): -100}).choices[0].message.content
            free = client.completions.create(model="fruit", prompt="the", max_tokens=60, temperature=0).choices[0].text
            varied = client.completions.create(
                model="fruit", prompt="the", max_tokens=60, temperature=0, frequency_penalty=2, presence_penalty=2).choices[0].text
            assert len(set(varied)) > len(set(free)), (free, varied)
            refused(openai.BadRequestError, "characters of JSON", lambda: ask("red", response_format={"type": "json_object"}))
            refused(openai.BadRequestError, "has no place for them", lambda: ask("red", tools=[{"type": "function", "function": {"name": "f"}}]))
            refused(openai.BadRequestError, "U+E9", lambda: ask("é"))
            # Where one model is served it is meant, whatever it is called; the answer says its name.
            assert client.chat.completions.create(
                model="owner/other", messages=[{"role": "user", "content": "a"}], max_tokens=2).model == "fruit"

            # The newer interface: the same answers, whole and as events.
            def respond(text, **options):
                return client.responses.create(model="fruit", input=text, temperature=0, **options)

            found = respond("what is yellow?", store=False, metadata={"a": "b"})
            assert found.output_text == "the lemon" and found.status == "completed" and found.id.startswith("resp_"), found
            assert found.output[0].role == "assistant" and found.metadata == {"a": "b"} and found.temperature == 0
            assert found.usage.total_tokens == found.usage.input_tokens + found.usage.output_tokens == ask("yellow").usage.total_tokens
            cut = respond("what is red?", max_output_tokens=3)
            assert cut.status == "incomplete" and cut.incomplete_details.reason == "max_output_tokens", cut
            turns = [{"role": "user", "content": "what is red?"}, *(item.model_dump() for item in found.output),
                     {"type": "message", "role": "user", "content": [{"type": "input_text", "text": "what is green?"}]}]
            asked = [{"role": "system", "content": "the"}, turns[0], {"role": "assistant", "content": "the lemon"}, {"role": "user", "content": "what is green?"}]
            assert respond(turns, instructions="the").output_text == client.chat.completions.create(
                model="fruit", messages=asked, temperature=0).choices[0].message.content
            events = list(respond("what is green?", stream=True))
            assert [event.sequence_number for event in events] == list(range(len(events)))
            kinds = [event.type.removeprefix("response.") for event in events]
            assert kinds[:4] == ["created", "in_progress", "output_item.added", "content_part.added"], kinds
            assert kinds[-4:] == ["output_text.done", "content_part.done", "output_item.done", "completed"], kinds
            assert "".join(event.delta for event in events if event.type == "response.output_text.delta") == "the pear"
            assert events[-1].response.output_text == "the pear" and events[-1].response.usage.output_tokens == 12
            with client.responses.stream(model="fruit", input="what is red?", temperature=0) as stream:
                assert stream.get_final_response().output_text == "the apple"
            for told, word in [({"text": {"verbosity": "low"}}, "verbosity"), ({"text": {"formt": {}}}, "did you mean format?"),
                               ({"reasoning": {"effort": "low"}}, "effort"), ({"reasoning": {"summary": "detailed"}}, "summary"),
                               ({"stream_options": {"include_obfuscation": False}}, "it needs stream")]:
                refused(openai.BadRequestError, word, lambda: client.responses.create(model="fruit", input="a", **told))
            # What some clients send to every model changes nothing where the template does not read it.
            for thinking in (True, False):
                unread = {"chat_template_kwargs": {"enable_thinking": thinking}}
                assert ask("red", extra_body=unread).choices[0].message.content == "the apple"
            refused(openai.BadRequestError, "not kept here", lambda: respond("a", previous_response_id="resp_1"))
            refused(openai.BadRequestError, "did you mean input?", lambda: client.post("/responses", body={"inputs": "a"}, cast_to=object))
            refused(openai.BadRequestError, "has no place for them", lambda: respond("a", tools=[{"type": "function", "name": "f", "parameters": {}}]))
            refused(openai.BadRequestError, "only text is read", lambda: respond([{"role": "user", "content": [{"type": "input_image", "image_url": "data:"}]}]))
            refused(openai.BadRequestError, "type function", lambda: respond("a", tools=[{"type": "web_search"}]))
            refused(openai.AuthenticationError, "key", lambda: openai.OpenAI(
                base_url=sys.argv[1] + "/v1", api_key="wrong", max_retries=0).models.list())
            """#, [server.address])
        #expect(server.stop() == 0)
    }

    /// Answers of a form, whatever the model would write; and connections that stay open.
    @Test(.enabled(if: Python.has("openai"), Comment(rawValue: openAIMissing)))
    func answersOfAForm() throws {
        let fixtures = fixtureFolder.path
        let server = try RunningServer(
            program,
            [
                "tiny=\(fixtures)/tiny-llama", "minilm=\(fixtures)/models/minilm-tiny",
                "e5=\(fixtures)/models/e5-tiny",
            ])
        try Python.run(
            #"""
            import http.client, json, sys
            from typing import Literal, Optional
            from urllib.parse import urlparse
            import openai, pydantic

            client = openai.OpenAI(base_url=sys.argv[1] + "/v1", api_key="-", max_retries=0)
            messages = [{"role": "user", "content": "the 12"}]

            class Part(pydantic.BaseModel):
                kind: Literal["bolt", "nut"]
            class Order(pydantic.BaseModel):
                urgent: bool
                parts: list[Part] = pydantic.Field(max_length=1)
                count: int = pydantic.Field(ge=0, le=99)
                price: Optional[float]

            for seed in range(6):
                answer = client.chat.completions.parse(
                    model="tiny", messages=messages, response_format=Order, seed=seed, max_tokens=200)
                choice = answer.choices[0]
                assert choice.finish_reason == "stop" and isinstance(choice.message.parsed, Order), choice
            parsed = client.responses.parse(model="tiny", input="the 12", text_format=Order, max_output_tokens=200)
            assert isinstance(parsed.output_parsed, Order), parsed
            found = client.completions.create(model="tiny", prompt="the 12", max_tokens=150, extra_body={
                "response_format": {"type": "json_schema", "json_schema": {"name": "x", "schema": {"enum": ["yes", "no"]}}}})
            assert json.loads(found.choices[0].text) in ("yes", "no"), found

            # The vectors are those that the official client decodes from base64, and those of plain numbers.
            packed = client.embeddings.create(model="minilm", input=["a cat", "a dog"])
            plain = client.embeddings.create(model="minilm", input="a cat", encoding_format="float")
            close = lambda a, b: all(abs(x - y) < 1e-6 for x, y in zip(a.embedding, b.embedding, strict=True))
            assert close(packed.data[0], plain.data[0]) and not close(packed.data[0], packed.data[1])
            assert abs(sum(x * x for x in plain.data[0].embedding) - 1) < 1e-5 and packed.usage.prompt_tokens > 4
            # Tokens as the model's own tokenizer gives them, and fewer numbers.
            tokens = client.post("/../tokenize", body={"model": "minilm", "prompt": "a cat"}, cast_to=object)["tokens"]
            told = client.embeddings.create(model="minilm", input=[tokens, tokens], encoding_format="float")
            assert close(told.data[0], plain.data[0]) and told.usage.prompt_tokens == 2 * len(tokens)
            assert close(client.embeddings.create(model="minilm", input=tokens, encoding_format="float").data[0], plain.data[0])
            # What is written before every text is among its tokens.
            tokens = client.post("/../tokenize", body={"model": "e5", "prompt": "a cat"}, cast_to=object)["tokens"]
            both = client.embeddings.create(model="e5", input="a cat").data + client.embeddings.create(model="e5", input=[tokens]).data
            assert close(*both), both
            short = client.embeddings.create(model="minilm", input="a cat", dimensions=4).data[0].embedding
            scale = sum(x * x for x in plain.data[0].embedding[:4]) ** 0.5
            assert len(short) == 4 and all(abs(x - y / scale) < 1e-5 for x, y in zip(short, plain.data[0].embedding))
            for body, word in [({"input": [[1, 2]]}, "tokens of another model"), ({"input": []}, "1 to 2048"), ({"input": [["a"]]}, "numbers alone"),
                               ({"input": "a " * 5000}, "context_length_exceeded"), ({"input": "a", "dimensions": 99}, "dimensions")]:
                try:
                    client.post("/embeddings", body={"model": "minilm", **body}, cast_to=object)
                    raise SystemExit(word)
                except openai.BadRequestError as error:
                    assert word in str(error) or word == error.code, error

            address = urlparse(sys.argv[1])
            connection = http.client.HTTPConnection(address.hostname, address.port, timeout=60)
            connection.connect()
            socket = connection.sock
            for stream in [False, True, False, True]:
                connection.request("POST", "/v1/completions", json.dumps({"model": "tiny", "prompt": "the", "max_tokens": 4, "stream": stream}),
                                   {"Content-Type": "application/json"})
                response = connection.getresponse()
                assert response.status == 200 and response.read()
                assert connection.sock is socket and response.getheader("connection") != "close"
            """#, [server.address])
        #expect(server.stop() == 0)
    }

    /// Texts in classes and in another language: runs of this program, and folders of Transformers.
    @Test(.enabled(if: Python.has("openai"), Comment(rawValue: openAIMissing)))
    func classesAndTranslations() throws {
        for name in ["films", "words"] {
            try FileManager.default.createDirectory(
                atPath: program.folder.path(name), withIntermediateDirectories: true)
        }
        let lines = (0..<40).map {
            $0 % 2 == 0 ? "a fine and lovely film \($0)\tgood" : "a dull and boring film \($0)\tbad"
        }
        for name in ["train.tsv", "dev.tsv"] {
            _ = try program.folder.write(lines.joined(separator: "\n"), to: "films/\(name)")
        }
        for name in ["train", "val"] {
            _ = try program.folder.write(String(repeating: "red blue\nblue red\n", count: 20), to: "words/\(name).en")
            _ = try program.folder.write(String(repeating: "blue red\nred blue\n", count: 20), to: "words/\(name).de")
        }
        let trained = try program.shell(
            """
            $switchback sentiment train --data films --epochs 2 --quiet && $switchback translate train --data words \
              --source en --target de --epochs 1 --layers 1 --width 32 --vocabulary 270 --quiet \
            && cp -r \(fixtureFolder.path)/models/distilbert-classes other \
            && cp \(fixtureFolder.path)/tokenizers/bert.json other/tokenizer.json
            """)
        try #require(trained.code == 0, "\(trained.errors)")
        let server = try RunningServer(
            program, ["films=runs/sentiment/train", "other", "words=runs/translate/train"])
        let translated = try program.shell(
            "$switchback translate predict --model runs/translate/train 'red blue' --json")
        let own = try #require((translated.json["translations"] as? [[String: Any]])?.first?["translation"] as? String)
        let told = try program.shell("$switchback sentiment predict --model other 'The weather is fine.' --json")
        let prediction = try #require((told.json["predictions"] as? [[String: Any]])?.first)
        try Python.run(
            #"""
            import json, sys
            import openai

            client = openai.OpenAI(base_url=sys.argv[1] + "/v1", api_key="-", max_retries=0)
            post = lambda path, **body: client.post(path, body=body, cast_to=object)
            found = post("/classify", model="films", input=["lovely", "boring"], top=1)
            assert [entry["predictions"][0]["class"] for entry in found["data"]] == ["good", "bad"], found
            assert found["model"] == "films" and [entry["index"] for entry in found["data"]] == [0, 1]
            best = post("/classify", model="other", input="The weather is fine.")["data"][0]["predictions"]
            told = json.loads(sys.argv[3])
            assert len(best) == 2 and best[0]["class"] == told["class"] and abs(best[0]["probability"] - told["probability"]) < 1e-6
            assert abs(sum(guess["probability"] for guess in best) - 1) < 1e-6
            for beam in [{}, {"beam": 4}]:
                answer = post("/translate", input=["red blue", " "], **beam)
                assert [entry["text"] for entry in answer["data"]] == [sys.argv[2], ""] and answer["model"] == "words", answer
            assert {model.id for model in client.models.list()} == {"films", "other", "words"}
            for path, body, word in [("/classify", {"input": "a"}, "this server has several"), ("/classify", {"input": 3, "model": "films"}, "a text is needed"),
                                     ("/classify", {"input": ["a", 1], "model": "films"}, "only texts"), ("/classify", {"inputs": "a"}, "image"),
                                     ("/classify", {"input": "a " * 600, "model": "other"}, "the model reads at most"),
                                     ("/classify", {"input": "a", "tops": 1}, "did you mean top?"), ("/translate", {"input": []}, "1 to 128"),
                                     ("/translate", {"input": "a", "beam": 101}, "at most 100"), ("/translate", {"text": "a"}, "no such field")]:
                try:
                    post(path, **body)
                    raise SystemExit(f"{path} {body}")
                except openai.BadRequestError as error:
                    assert word in str(error), error
            """#,
            [server.address, own, String(decoding: JSONSerialization.data(withJSONObject: prediction), as: UTF8.self)])
        #expect(server.stop() == 0)
    }

    /// A chat template as Qwen's, in short.
    private static let toolTemplate = """
        {% if tools %}<tool_call>{% for t in tools %}{{ t | tojson }}{% endfor %}</tool_call>{% endif %}{% for m in messages \
        %}{{ m.role }}: {{ m.content }}{% for c in m.tool_calls or [] %}<tool_call>{{ {"name": c.function.name, \
        "arguments": c.function.arguments} | tojson }}</tool_call>{% endfor %}
        {% endfor %}
        """

    /// Functions that the model calls, in both interfaces: whole, as events, chosen from, and with what they gave.
    @Test(.enabled(if: Python.has("openai"), Comment(rawValue: openAIMissing)))
    func callsOfFunctions() throws {
        try FileManager.default.copyItem(
            atPath: fixtureFolder.appendingPathComponent("tiny-llama").path, toPath: program.folder.path("tools"))
        let config = program.folder.path("tools/config.json")
        let sizes = try String(contentsOfFile: config, encoding: .utf8).replacing(": 256", with: ": 1024")
        try sizes.write(toFile: config, atomically: true, encoding: .utf8)
        let settings = try JSONSerialization.data(withJSONObject: ["chat_template": Self.toolTemplate])
        try settings.write(to: program.folder.url.appendingPathComponent("tools/tokenizer_config.json"))
        let server = try RunningServer(program, ["tools"])
        try Python.run(
            #"""
            import json, sys
            import openai, pydantic

            client = openai.OpenAI(base_url=sys.argv[1] + "/v1", api_key="-", max_retries=0)

            class Weather(pydantic.BaseModel):
                city: str = pydantic.Field(max_length=3)
                days: int = pydantic.Field(ge=0, le=9)

            weather = openai.pydantic_function_tool(Weather, name="weather")
            nothing = {"type": "object", "properties": {}, "additionalProperties": False}
            stop = {"type": "function", "function": {"name": "stop", "parameters": nothing}}
            messages = [{"role": "user", "content": "Bern?"}]

            def ask(tools=[weather], choice="required", **options):
                return dict(model="tools", messages=messages, tools=tools, tool_choice=choice, max_tokens=200, **options)

            raw = client.chat.completions.with_raw_response.create(**ask())
            message = json.loads(raw.text)["choices"][0]["message"]
            assert message["content"] is None and message["role"] == "assistant", message
            answer = raw.parse().choices[0]
            assert answer.finish_reason == "tool_calls" and answer.message.tool_calls[0].function.name == "weather"
            Weather.model_validate_json(answer.message.tool_calls[0].function.arguments)
            with client.chat.completions.stream(**ask()) as stream:
                kinds = {event.type for event in stream}
                final = stream.get_final_completion().choices[0]
            assert final.finish_reason == "tool_calls" and "tool_calls.function.arguments.done" in kinds, kinds
            assert isinstance(final.message.tool_calls[0].function.parsed_arguments, Weather)
            some = {"type": "allowed_tools", "allowed_tools": {"mode": "required", "tools": [{"type": "function", "function": {"name": "stop"}}]}}
            chosen = client.chat.completions.create(**ask([weather, stop], some)).choices[0].message.tool_calls
            assert [call.function.name for call in chosen] == ["stop"], chosen
            # A text that was cut says so, also behind calls or in one.
            for stream in (False, True):
                cut = client.chat.completions.create(**{**ask(stream=stream), "max_tokens": 30})
                ends = [c.finish_reason for chunk in (cut if stream else [cut]) for c in chunk.choices if c.finish_reason]
                assert ends == ["length"], ends
            told = messages + [answer.message, {"role": "tool", "tool_call_id": answer.message.tool_calls[0].id, "content": "sunny"}]
            assert client.chat.completions.create(model="tools", messages=told, tools=[weather], max_tokens=3).choices[0].message
            # With a form for answers, each is of that form or a call.
            for seed in range(6):
                found = client.chat.completions.parse(**ask(choice="auto", seed=seed, response_format=Weather)).choices[0].message
                assert found.tool_calls or isinstance(found.parsed, Weather), found

            flat = [{"type": "function", **tool["function"]} for tool in (weather, stop)]

            def respond(choice="required", **options):
                return dict(model="tools", input="Bern?", tools=flat, tool_choice=choice, max_output_tokens=200, **options)

            call = client.responses.create(**respond({"type": "function", "name": "weather"})).output
            assert [item.type for item in call] == ["function_call"] and call[0].name == "weather", call
            Weather.model_validate_json(call[0].arguments)
            events = list(client.responses.create(**respond(stream=True)))
            assert [event.sequence_number for event in events] == list(range(len(events)))
            kinds = [event.type.removeprefix("response.") for event in events]
            assert list(dict.fromkeys(kinds)) == [
                "created", "in_progress", "output_item.added", "function_call_arguments.delta", "function_call_arguments.done",
                "output_item.done", "completed"] and kinds.count("function_call_arguments.delta") > 1, kinds
            arguments = "".join(event.delta for event in events if event.type.endswith("arguments.delta"))
            assert arguments == events[-3].arguments == events[-1].response.output[0].arguments
            assert events[2].item.id == events[3].item_id == events[-2].item.id and events[-2].item.status == "completed"
            # Where functions are offered, text comes as it is written, too; and arguments do.
            spoken = list(client.chat.completions.create(**ask(choice="auto", stream=True, seed=1)))
            assert sum(bool(c.choices[0].delta.content) for c in spoken) > 10, spoken
            called = list(client.chat.completions.create(**ask(stream=True)))
            deltas = [c.choices[0].delta.tool_calls[0] for c in called if c.choices[0].delta.tool_calls]
            assert deltas[0].id and deltas[0].function.name == "weather" and not any(d.id or d.function.name for d in deltas[1:])
            assert len(deltas) > 2 and {d.index for d in deltas} == {0} and called[-1].choices[0].finish_reason == "tool_calls"
            Weather.model_validate_json("".join(d.function.arguments for d in deltas))
            cut = client.chat.completions.create(**(ask() | {"max_tokens": 30})).choices[0]
            assert cut.finish_reason == "length" or cut.message.tool_calls, cut
            with client.responses.stream(**respond()) as stream:
                assert stream.get_final_response().output[0].type == "function_call"
            some = {"type": "allowed_tools", "mode": "required", "tools": [{"type": "function", "name": "stop"}]}
            assert client.responses.create(**respond(some)).output[0].name == "stop"
            told = [{"role": "user", "content": "Bern?"}, *call, {"type": "function_call_output", "call_id": call[0].call_id, "output": "sunny"}]
            assert client.responses.create(model="tools", input=told, tools=flat, max_output_tokens=3).output
            for choice in ["some", {"type": "allowed_tools", "mode": "never", "tools": []}, {"type": "function", "name": "none"},
                           {"type": "allowed_tools", "mode": "required", "tools": [{"type": "function", "name": "none"}]}]:
                try:
                    client.responses.create(**respond(choice))
                    raise SystemExit(str(choice))
                except openai.BadRequestError as error:
                    assert "tool_choice" in str(error), error
            """#, [server.address])
        #expect(server.stop() == 0)
    }

    /// Images in each of the forms in which they can be sent, and what is refused; Python's own library suffices.
    @Test(.enabled(if: Python.has("json"), "Python is not installed"))
    func visionModels() throws {
        let trained = try program.shell("$switchback classify train --data digits --model cnn --epochs 1 --quiet")
        try #require(trained.code == 0, "\(trained.errors)")
        let alone = try program.shell("$switchback serve runs/classify/train --kept-images 2 --port 0")
        #expect(alone.code != 0 && alone.errors.contains("--keep-requests"), "\(alone.errors)")
        let server = try RunningServer(
            program, ["digits=runs/classify/train", "--keep-requests=kept", "--kept-images=2"])
        let second = try program.shell("$switchback serve runs/classify/train --keep-requests kept --port 0")
        #expect(second.code != 0 && second.errors.contains("another server keeps"), "\(second.errors)")
        let answers = try Python.run(
            #"""
            import base64, http.client, json, struct, sys, zlib
            from urllib.parse import urlparse
            address = urlparse(sys.argv[1])

            def chunk(kind, data):
                return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
            rows = b"".join(b"\0" + bytes((x * y * 3) % 256 for x in range(12)) for y in range(10))
            png = (b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", struct.pack(">IIBBBBB", 12, 10, 8, 0, 0, 0, 0))
                   + chunk(b"IDAT", zlib.compress(rows)) + chunk(b"IEND", b""))

            def post(path, body, kind="application/json"):
                connection = http.client.HTTPConnection(address.hostname, address.port)
                connection.request("POST", path, body, {"Content-Type": kind})
                response = connection.getresponse()
                return response.status, json.loads(response.read())

            form = (b'--b\r\nContent-Disposition: form-data; name="top"\r\n\r\n3\r\n--b\r\nContent-Disposition: form-data; '
                    b'name="image"; filename="a.png"\r\nContent-Type: image/png\r\n\r\n' + png + b"\r\n--b--\r\n")
            encoded = base64.b64encode(png).decode()
            answers = [
                post("/v1/classify", form, "multipart/form-data; boundary=b"),
                post("/v1/classify", json.dumps({"image": encoded, "top": 3})),
                post("/v1/classify", json.dumps({"image": "data:image/png;base64," + encoded, "top": 3, "model": "digits"})),
                post("/v1/classify?", png, "image/png"),
            ]
            assert all(status == 200 for status, _ in answers), answers
            assert answers[0][1] == answers[1][1] == answers[2][1], answers
            found = answers[3][1]["predictions"]
            assert len(found) == 5 and found[:3] == answers[0][1]["predictions"]
            assert found[0]["probability"] >= found[1]["probability"] and found[0]["class"] in "0123456789"
            for path, body, kind, status, word in [
                ("/v1/classify", form[:-20], "multipart/form-data; boundary=b", 400, "cut short"),
                ("/v1/classify", png[:60], "image/png", 400, "image"),
                ("/v1/classify", "{}", "application/json", 400, "image"),
                ("/v1/classify", json.dumps({"image": encoded, "tops": 3}), "application/json", 400, "did you mean top?"),
                ("/v1/detect", png, "image/png", 400, "no detector"),
                ("/v1/chat/completions", '{"messages": [{"role": "user", "content": "a"}]}', "", 400, "no language model"),
                ("/v1/other", "", "", 404, "there is no POST /v1/other here"),
                # Texts are no requests about images, and none is kept of them.
                ("/v1/classify", '{"input": "a"}', "application/json", 400, "no text classifier"),
                ("/v1/classify", '{"input": 5}', "application/json", 400, "input"),
                ("/v1/classify", '{"input": "a"}', "text/plain", 415, "application/json"),
            ]:
                got, answer = post(path, body, kind)
                assert got == status and word in answer["error"]["message"], (path, got, answer)
            connection = http.client.HTTPConnection(address.hostname, address.port)
            connection.request("GET", "/metrics")
            print(connection.getresponse().read().decode())
            connection.request("GET", "/health")
            assert json.loads(connection.getresponse().read()) == {"status": "ok", "models": ["digits"]}

            # What was kept is written beside the answers, and may come a moment later: four images, and what was refused.
            import os, stat, time
            folder = sys.argv[2]
            kept = []
            for _ in range(600):
                if os.path.exists(folder + "/requests.jsonl"):
                    kept = [json.loads(line) for line in open(folder + "/requests.jsonl").read().split("\n")[:-1]]
                if len(kept) == 9: break
                time.sleep(0.1)
            good = [request for request in kept if request["status"] == 200]
            assert len(good) == 4 and len(kept) == 9, kept
            assert all(r["width"] == 12 and r["height"] == 10 and 0 < r["brightness"] < 255 for r in good), good
            best = [(g["class_index"], round(g["probability"], 4)) for g in found]
            assert [(int(c), round(p, 4)) for c, p in good[0]["found"]] == best, (good[0], best)
            margin = 1 - (found[0]["probability"] - found[1]["probability"])
            assert abs(good[0]["uncertainty"] - margin) < 1e-4
            # Of equal images the newest stay, byte for byte, for the user alone.
            images = sorted(os.listdir(folder + "/images"))
            assert images == sorted(r["image"] for r in good[-2:]), (images, good)
            assert open(folder + "/images/" + images[0], "rb").read() == png
            assert stat.S_IMODE(os.stat(folder).st_mode) == 0o700
            """#, [server.address, program.folder.path("kept")])
        #expect(answers.contains(#"switchback_requests_total{path="/v1/classify",status="200"} 4"#), "\(answers)")
        #expect(server.stop() == 0)
    }
}
