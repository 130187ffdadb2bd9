import Foundation
import TestSupport
import Testing

/// `switchback studio` as a browser sees it, and as pages see it that mean no good.
@Suite(.enabled(if: Python.has("json"), "Python is not installed")) struct StudioTests {
    let program: BuiltProgram

    init() throws { program = try BuiltProgram() }

    private static let helpers = StudioClient.helpers

    @Test func runsAreListedAndRead() throws {
        let training = try program.shell("$switchback classify train --data digits --epochs 2 --diagnose --quiet")
        #expect(training.code == 0, "\(training.errors)")
        let studio = try RunningServer(program, command: "studio", [])
        try Python.run(
            Self.helpers + #"""

                listed = json.loads(expect(200, "GET", "/api/v1/runs")[1])["runs"]
                assert [run["id"] for run in listed] == ["classify/train"] and listed[0]["isComplete"], listed
                run = json.loads(expect(200, "GET", "/api/v1/runs/classify/train")[1])
                assert len(run["rows"]) == 2 and len(run["rows"][0]) == len(run["columns"]), run
                assert run["arguments"]["epochs"] == "2" and run["diagnosis"], run
                for path in ["classify/trian", "..%2f..%2fetc/passwd", "../../etc", "classify/%00", "classify/..%2ftrain"]:
                    expect(404, "GET", "/api/v1/runs/" + path)
                assert b"did you mean classify/train?" in expect(404, "GET", "/api/v1/runs/classify/trian")[1]
                """#, [studio.address])
        #expect(studio.stop() == 0)
    }

    @Test func aFolderWithoutRuns() throws {
        let studio = try RunningServer(program, command: "studio", ["nothing"])
        try Python.run(
            Self.helpers + #"""

                assert json.loads(expect(200, "GET", "/api/v1/runs")[1])["runs"] == []
                """#, [studio.address])
    }

    /// Every file that a page names is there, and nothing that is not.
    @Test func pagesAreWhole() throws {
        let studio = try RunningServer(program, command: "studio", [])
        try Python.run(
            Self.helpers + #"""

                pages = ["/", "/data", "/data/any", "/data/any/check", "/data/any/label/1", "/train", "/runs", "/try",
                         "/deploy", "/learn"]
                seen, waiting = set(), list(pages)
                while waiting:
                    path = waiting.pop()
                    if path in seen: continue
                    seen.add(path)
                    found, text = expect(200, "GET", path)
                    assert "default-src 'none'" in found["content-security-policy"], found
                    assert found["x-content-type-options"] == "nosniff", found
                    text = text.decode()
                    waiting += re.findall(r'(?:href|src)="(/[^"#?]*)', text)
                    waiting += re.findall(r'(?:from|import) "(/[^"]+)"', text)
                    folder = path.rsplit("/", 1)[0]
                    waiting += [folder + name[1:] for name in re.findall(r'from "(\./[^"]+)"', text)]
                    if path in pages:
                        assert text.count("aria-current") == (path != "/") and "{{" not in text and "data-nav" not in text, path
                        assert "style=" not in text and "http" not in text and not re.search(r"<script(?! type=\"module\" src=)", text)
                assert {"/studio.css", "/data/parts.css", "/label/tools.js", "/learn/learn.js", "/frame/words.js"} <= seen, seen
                for path in ["/learn/../../Package.swift", "/learn/%2e%2e/x", "/studio.css/", "//etc/passwd", "/.git/config"]:
                    assert ask("GET", path)[0] in [400, 404] or path == "/studio.css/", path
                expect(405, "POST", "/learn")
                """#, [studio.address])
    }

    @Test func onlyItsOwnPagesMayAsk() throws {
        let studio = try RunningServer(program, command: "studio", [])
        try Python.run(
            Self.helpers + #"""

                own, kind = f"http://{address.netloc}", "application/json"
                example = lambda status, **headers: expect(status, "POST", "/api/v1/learn/example", "{}", **headers)
                _, text = example(200, Origin=own, Content_Type=kind)
                assert "-24" in text.decode(), text
                example(200, Content_Type=kind)
                for origin in ["http://evil.example", "null", "https://" + address.netloc, "http://localhost:1"]:
                    example(403, Origin=origin, Content_Type=kind)
                example(415, Origin=own, Content_Type="text/plain")
                example(403, Host="evil.example", Origin="http://evil.example", Content_Type=kind)
                expect(403, "GET", "/api/v1/runs", Host=f"evil.example:{address.port}")
                """#, [studio.address])
    }

    @Test func aPortThatIsTaken() throws {
        let studio = try RunningServer(program, command: "studio", ["mine"])
        let port = studio.address.split(separator: ":").last ?? ""
        program.expectRefusal(try program.shell("$switchback studio other --port \(port)"), "listened on")
        program.expectRefusal(
            try program.shell("$switchback studio other --port 70000"), code: 2, "from 0 to 65535 is needed")
    }
}
