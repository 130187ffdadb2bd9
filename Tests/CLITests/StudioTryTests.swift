import Foundation
import TestSupport
import Testing

/// Models that are tried and served by `switchback studio`, and who may reach it, over HTTP as its pages do.
@Suite(.enabled(if: Python.has("json"), "Python is not installed")) struct StudioTryTests {
    let program: BuiltProgram

    init() throws { program = try BuiltProgram() }

    private static let helpers = StudioClient.helpers

    /// Sliders select again among what the network has said, and `detect predict` says the same with such thresholds.
    @Test func aDetectorIsTried() throws {
        let data = try program.detectionSet()
        let training = try program.shell(
            "$switchback detect train --data \(data) --imgsz 64 --batch 4 --epochs 1 --no-plots --quiet")
        #expect(training.code == 0, "\(training.errors)")
        let studio = try RunningServer(program, command: "studio", [])
        let image = program.folder.url.appendingPathComponent("shapes/images/val/0.jpg").path
        try Python.run(
            Self.helpers + #"""

                def look(status, path, body, kind="image/jpeg"):
                    return json.loads(expect(status, "POST", "/api/v1/try/" + path, body, Content_Type=kind)[1])
                picture = open(sys.argv[2], "rb").read()
                few = look(200, "detect/train?conf=0.5&iou=0.7", picture)
                assert (few["width"], few["height"], few["task"]) == (96, 64, "detect"), few
                again = lambda conf, iou: json.loads(
                    expect(200, "GET", f"/api/v1/try/detect/train/{few['image']}?conf={conf}&iou={iou}")[1])
                all = again(0, 1)["detections"]
                assert len(all) > len(few["detections"]), all
                # What a new look with the thresholds finds.
                for conf, iou in [(0.0001, 0.3), (0.001, 0.7), (0, 0.05)]:
                    fresh = look(200, f"detect/train?conf={conf}&iou={iou}", picture)["detections"]
                    assert again(conf, iou)["detections"] == fresh and len(fresh) > 0, (conf, iou)
                for found in all:
                    assert len(found["corners"]) == 4 and found["class"] in ["red", "green", "blue"], found
                for path in ["detect/train/none", "detect/trian/" + few["image"], "detect/..%2f..%2ftrain/x"]:
                    expect(404, "GET", "/api/v1/try/" + path)
                for query, name in [("conf=2", "conf"), ("iou=x", "iou"), ("conf=nan", "conf")]:
                    answer = look(400, "detect/train?" + query, picture)["error"]
                    assert answer["param"] == name, answer
                look(404, "detect/trian", picture)
                for body in [b"", b"text", picture[:200]]: look(400, "detect/train", body)
                # A few bytes that stand for an image of 3.6 billion pixels.
                import struct, zlib
                chunk = lambda kind, data: struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
                bomb = b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", struct.pack(">IIBBBBB", 60000, 60000, 8, 2, 0, 0, 0))
                bomb += chunk(b"IDAT", zlib.compress(b"\0" * 1000)) + chunk(b"IEND", b"")
                assert "pixels" in look(400, "detect/train", bomb, "image/png")["error"]["message"]
                expect(403, "POST", "/api/v1/try/detect/train", picture, Origin="http://evil.example", Content_Type="text/plain")
                """#, [studio.address, image])
    }

    /// A classifier of digits is tried, served with the code that the page shows, and taken away.
    @Test func aClassifierIsTriedAndServed() throws {
        let training = try program.shell("$switchback classify train --data digits --epochs 2 --quiet")
        #expect(training.code == 0, "\(training.errors)")
        _ = try program.image("image.jpg", height: 28, width: 28, boxes: [])
        let studio = try RunningServer(program, command: "studio", [])
        try Python.run(
            Self.helpers + #"""

                import os, subprocess, urllib.request
                os.chdir(sys.argv[2])
                picture = open("image.jpg", "rb").read()
                answer = json.loads(expect(200, "POST", "/api/v1/try/classify/train", picture, Content_Type="image/jpeg")[1])
                assert len(answer["classes"]) == 10 and abs(sum(c["probability"] for c in answer["classes"]) - 1) < 1e-4, answer

                begun = post(200, "/api/v1/endpoints", {"run": "classify/train"})
                endpoint = lambda: json.loads(expect(200, "GET", "/api/v1/endpoints")[1])["endpoints"][0]
                until(lambda: "address" in endpoint())
                found = endpoint()
                assert found["key"] == begun["key"] and len(found["key"]) == 32, found
                code = {example["language"]: example["code"] for example in found["examples"]}
                assert set(code) == {"curl", "Python", "Swift", "JavaScript"}, code
                best = answer["classes"][0]["class"]
                for command in [["bash", "-c", code["curl"]], [sys.executable, "-c", code["Python"]]]:
                    said = subprocess.run(command, capture_output=True, text=True)
                    assert said.returncode == 0 and f"{best}" in said.stdout and "probability" in said.stdout, said
                wrong = code["curl"].replace(found["key"], "wrong")
                assert "API key is wrong" in subprocess.run(["bash", "-c", wrong], capture_output=True, text=True).stdout
                post(200, f"/api/v1/jobs/{found['job']['id']}/stop")
                until(lambda: endpoint()["job"]["state"] == "stopped")
                assert "address" not in endpoint()
                for run, status in [("classify/trian", 404), ("train", 400), ("classify/../classify/train", 404)]:
                    post(status, "/api/v1/endpoints", {"run": run})

                head, weights = expect(200, "GET", "/api/v1/runs/classify/train/weights")
                assert weights == open("runs/classify/train/weights/best.safetensors", "rb").read()
                assert head["content-disposition"] == 'attachment; filename="classify-train.safetensors"', head
                head, onnx = expect(200, "GET", "/api/v1/runs/classify/train/onnx")
                assert b"probabilities" in onnx and head["content-disposition"].endswith('.onnx"'), head
                expect(404, "GET", "/api/v1/runs/classify/trian/weights")
                """#, [studio.address, program.folder.url.path])
    }

    /// What a language model writes comes word by word, as `serve` sends it.
    @Test func aLanguageModelIsTriedAndServed() throws {
        _ = try program.folder.write(String(repeating: "Once more to be, or not to be. ", count: 200), to: "text.txt")
        let training = try program.shell(
            "$switchback text train --data text.txt --model gpt-mini --context 32 --steps 3 --quiet")
        #expect(training.code == 0, "\(training.errors)")
        let studio = try RunningServer(program, command: "studio", [])
        try Python.run(
            Self.helpers + #"""

                import subprocess
                runs = json.loads(expect(200, "GET", "/api/v1/runs")[1])["runs"]
                assert [(run["id"], run["canTry"]) for run in runs] == [("text/train", True)], runs
                question = {"prompt": "to be", "max_tokens": 5, "temperature": 0}
                whole = post(200, "/api/v1/talk/text/train", question)["choices"][0]["text"]
                head, events = expect(200, "POST", "/api/v1/talk/text/train", json.dumps({**question, "stream": True}),
                    Content_Type="application/json")
                assert head["content-type"].startswith("text/event-stream"), head
                pieces = [line[6:] for line in events.decode().splitlines() if line.startswith("data: ")]
                assert pieces.pop() == "[DONE]"
                assert "".join(json.loads(piece)["choices"][0]["text"] for piece in pieces) == whole, (pieces, whole)
                assert "did you mean temperature?" in post(400, "/api/v1/talk/text/train", {"prompt": "x", "temperatur": 1})["error"]["message"]
                post(404, "/api/v1/talk/text/trian", question)
                expect(400, "POST", "/api/v1/try/text/train", b"image", Content_Type="image/jpeg")

                post(200, "/api/v1/endpoints", {"run": "text/train"})
                endpoint = lambda: json.loads(expect(200, "GET", "/api/v1/endpoints")[1])["endpoints"][0]
                until(lambda: "address" in endpoint())
                code = {example["language"]: example["code"] for example in endpoint()["examples"]}
                for command in [["bash", "-c", code["curl"]], [sys.executable, "-c", code["Python"]]]:
                    said = subprocess.run(command, capture_output=True, text=True)
                    assert said.returncode == 0 and "choices" in said.stdout, said
                post(200, f"/api/v1/jobs/{endpoint()['job']['id']}/stop")
                until(lambda: endpoint()["job"]["state"] == "stopped")
                """#, [studio.address])
    }

    @Test func otherMachinesNeedTheToken() throws {
        _ = try program.folder.write(Array("0123456789abcdef\n".utf8), to: "token")
        _ = try program.folder.write(Array("short\n".utf8), to: "short")
        program.expectRefusal(try program.shell("$switchback studio mine --host 0.0.0.0 --port 0"), "--token-file")
        program.expectRefusal(
            try program.shell("$switchback studio mine --host 0.0.0.0 --port 0 --token-file short"), "16 to 256")
        let studio = try RunningServer(
            program, command: "studio", ["mine", "--host", "0.0.0.0", "--token-file", "token"])
        try Python.run(
            Self.helpers + #"""

                kind, token = "application/json", "0123456789abcdef"
                expect(200, "GET", "/")
                expect(200, "GET", "/login")
                for path in ["/api/v1/runs", "/api/v1/jobs", "/api/v1/endpoints", "/api/v1/learn/presets"]:
                    assert b"token" in expect(401, "GET", path)[1]
                    expect(401, "GET", path, Cookie="switchback-studio=0123456789abcdeg")
                    expect(401, "GET", path, Cookie="switchback-studio=")
                    expect(200, "GET", path, Cookie="switchback-studio=" + token)
                    expect(200, "GET", path, Authorization="Bearer " + token)
                    old = "switchback-studio=0123456789abcdeg"
                    expect(200, "GET", path, Authorization="Bearer " + token, Cookie=old)
                    expect(200, "GET", path, Authorization="Bearer wrong", Cookie="switchback-studio=" + token)
                    expect(401, "GET", path, Authorization="Bearer wrong", Cookie=old)
                expect(401, "POST", "/api/v1/trainings", "{}", Content_Type=kind)
                expect(401, "POST", "/api/v1/session", json.dumps({"token": "wrong"}), Content_Type=kind)
                expect(403, "POST", "/api/v1/session", json.dumps({"token": token}), Content_Type=kind, Origin="http://evil.example")
                head, _ = expect(200, "POST", "/api/v1/session", json.dumps({"token": token}), Content_Type=kind)
                cookie = head["set-cookie"]
                assert "HttpOnly" in cookie and "SameSite=Strict" in cookie, cookie
                expect(200, "GET", "/api/v1/runs", Cookie=cookie.split(";")[0])
                """#, [studio.address])
    }
}
