import Foundation
import TestSupport
import Testing

/// Trainings that `switchback studio` starts, stops, resumes and finds again, over HTTP as its pages do.
@Suite(.enabled(if: Python.has("json"), "Python is not installed")) struct StudioTrainingTests {
    let program: BuiltProgram

    init() throws { program = try BuiltProgram() }

    private static let helpers = StudioClient.helpers

    @Test func aTrainingIsStartedAndFollowed() throws {
        let studio = try RunningServer(program, command: "studio", [])
        try Python.run(
            Self.helpers + #"""

                job = train("classify", data="digits", model="mlp", epochs="2", name="mine", diagnose=True)
                assert job["run"] == "classify/mine" and job["state"] in ["waiting", "running"], job
                until(lambda: job_of("classify/mine")["state"] == "done")
                run = json.loads(expect(200, "GET", "/api/v1/runs/classify/mine")[1])
                assert len(run["rows"]) == 2 and run["summary"]["isComplete"] and run["diagnosis"], run
                log = json.loads(expect(200, "GET", f"/api/v1/jobs/{job['id']}/log")[1])
                assert "Data:" in log["text"] and log["next"] == len(log["text"].encode()), log
                rest = json.loads(expect(200, "GET", f"/api/v1/jobs/{job['id']}/log?from={log['next']}")[1])
                assert rest["text"] == "", rest
                # A second run of the name gets another one.
                assert train("classify", data="digits", model="mlp", epochs="1", name="mine")["run"] == "classify/mine-2"
                until(lambda: job_of("classify/mine-2")["state"] == "done")
                post(200, f"/api/v1/jobs/{job['id']}/remove")
                assert job_of("classify/mine") is None
                for verb in ["stop", "remove"]: post(404, f"/api/v1/jobs/{job['id']}/{verb}")
                """#, [studio.address])
    }

    /// The options are those of the command line, and so are the sentences with which they are refused.
    @Test func whatIsWrongIsSaidAsOnTheCommandLine() throws {
        let studio = try RunningServer(program, command: "studio", [])
        try Python.run(
            Self.helpers + #"""

                for task in json.loads(expect(200, "GET", "/api/v1/trainings/tasks")[1])["tasks"]:
                    options = json.loads(expect(200, "GET", f"/api/v1/trainings/options/{task}")[1])["options"]
                    names = [option["name"] for option in options]
                    assert {"data", "epochs", "seed", "name"} <= set(names) and "output" not in names, names
                epochs = next(option for option in options if option["name"] == "epochs")
                assert not epochs["isFlag"] and epochs["value"] == "n", epochs
                digits = {"data": "digits", "model": "mlp"}
                for options, sentence in [
                    ({"epohcs": "2"}, "did you mean epochs?"), ({"lr": "-1"}, "--lr is -1"), ({"epochs": "many"}, "epochs"),
                    ({"model": "cmn"}, "did you mean 'cnn'?"), ({"data": "nowhere"}, "nowhere"), ({"epochs": 2}, "text is needed"),
                    ({"diagnose": "yes"}, "true or false"), ({"name": "../x"}, "name"), ({"data": ""}, "--data"),
                    ({"output": "/tmp/elsewhere"}, "there is no such field"),
                ]:
                    answer = post(400, "/api/v1/trainings", {"task": "classify", "options": {**digits, **options}})
                    assert sentence in answer["error"]["message"], (options, answer)
                assert "did you mean detect?" in post(400, "/api/v1/trainings", {"task": "detct"})["error"]["message"]
                assert jobs() == [], jobs()
                expect(415, "POST", "/api/v1/trainings", "task=classify", Content_Type="application/x-www-form-urlencoded")
                """#, [studio.address])
        #expect(program.folder.contents == ["runs"])
    }

    @Test func oneTrainsAtATimeAndStopsAndGoesOn() throws {
        let studio = try RunningServer(program, command: "studio", [])
        try Python.run(
            Self.helpers + #"""

                first = train("classify", data="digits", model="mlp", epochs="2000", name="first")
                second = train("classify", data="digits", model="mlp", epochs="1", name="second")
                assert job_of("classify/second")["state"] == "waiting"
                until(lambda: len(rows("classify/first")) >= 1)
                post(200, f"/api/v1/jobs/{first['id']}/stop")
                until(lambda: job_of("classify/first")["state"] == "stopped")
                before = len(rows("classify/first"))
                until(lambda: job_of("classify/second")["state"] == "done")
                post(200, "/api/v1/runs/classify/first/resume")
                until(lambda: len(rows("classify/first")) > before)
                resumed = job_of("classify/first")
                assert resumed["state"] == "running" and "complaint" not in resumed, resumed
                assert "is at work" in post(400, f"/api/v1/jobs/{resumed['id']}/remove")["error"]["message"]
                # What is trained by somebody else cannot be resumed as well.
                assert "another process is training there" in post(400, "/api/v1/runs/classify/first/resume")["error"]["message"]
                post(200, f"/api/v1/jobs/{resumed['id']}/stop")
                until(lambda: job_of("classify/first")["state"] == "stopped")
                post(404, "/api/v1/runs/classify/frist/resume")
                """#, [studio.address])
    }

    /// A studio that is killed leaves its training alive, and the next one finds it.
    @Test func trainingsOutliveTheStudio() throws {
        let first = try RunningServer(program, command: "studio", [])
        try Python.run(
            Self.helpers + #"""

                train("classify", data="digits", model="mlp", epochs="2000", name="long")
                train("classify", data="digits", model="mlp", epochs="1", name="next")
                until(lambda: len(rows("classify/long")) >= 1)
                """#, [first.address])
        first.kill()
        // The port is free again, too.
        let port = first.address.split(separator: ":").last.map(String.init) ?? ""
        let second = try RunningServer(program, command: "studio", ["--port", port])
        try Python.run(
            Self.helpers + #"""

                job, before = job_of("classify/long"), len(rows("classify/long"))
                assert job["state"] == "running" and job_of("classify/next")["state"] == "waiting", jobs()
                until(lambda: len(rows("classify/long")) > before)
                post(200, f"/api/v1/jobs/{job['id']}/stop")
                until(lambda: job_of("classify/long")["state"] == "stopped")
                until(lambda: job_of("classify/next")["state"] == "done")
                """#, [second.address])
        #expect(second.stop() == 0)
    }

    @Test func foldersThatCannotBeUsed() throws {
        let studio = try RunningServer(program, command: "studio", ["mine"])
        let another = try program.shell("$switchback studio mine --port 0")
        program.expectRefusal(another, "another studio is at work in this folder; open \(studio.address)")
        _ = try program.folder.write(Array("text".utf8), to: "file")
        program.expectRefusal(try program.shell("$switchback studio file --port 0"), "file: is a file")
        program.expectRefusal(try program.shell("$switchback studio /dev/null/mine --port 0"), "/dev/null/mine")
    }
}

/// The beginning of a Python program that talks to a studio, whose address is its first argument.
enum StudioClient {
    static let helpers = #"""
        import http.client, json, re, sys, time
        from urllib.parse import urlparse
        address = urlparse(sys.argv[1])

        def ask(method, path, body=None, **headers):
            connection = http.client.HTTPConnection(address.hostname, address.port, timeout=300)
            connection.request(method, path, body, {k.replace("_", "-"): v for k, v in headers.items()})
            response = connection.getresponse()
            return response.status, {k.lower(): v for k, v in response.getheaders()}, response.read()

        def expect(status, method, path, body=None, **headers):
            got, found, text = ask(method, path, body, **headers)
            assert got == status, (method, path, headers, got, text)
            return found, text

        def post(status, path, value={}):
            return json.loads(expect(status, "POST", path, json.dumps(value), Content_Type="application/json")[1])

        def train(task, **options): return post(200, "/api/v1/trainings", {"task": task, "options": options})
        def jobs(): return json.loads(expect(200, "GET", "/api/v1/jobs")[1])["jobs"]
        def job_of(run): return next((job for job in jobs() if job["run"] == run), None)

        def rows(run):
            status, _, text = ask("GET", "/api/v1/runs/" + run)
            return json.loads(text)["rows"] if status == 200 else []

        def until(holds, tries=3000):
            for _ in range(tries):
                if holds(): return
                time.sleep(0.1)
            raise AssertionError(jobs())
        """#
}
