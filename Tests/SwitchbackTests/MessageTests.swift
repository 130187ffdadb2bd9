import Switchback
import Testing

/// Names and values from outside, in messages.
struct MessageTests {
    @Test func nearestNames() {
        #expect("epohcs".nearest(in: ["batch", "epochs"]) == "epochs")
        #expect("x".nearest(in: ["batch", "epochs"]) == nil)
        // No slip of the pen; looking for the nearest one would take minutes.
        let long = String(repeating: "z", count: 4_000_000)
        #expect(long.nearest(in: ["batch", "epochs"]) == nil)
        #expect("batch".nearest(in: [long, "bath"]) == "bath")
    }

    @Test func countsAndPlurals() {
        #expect(1.counted("bus") == "1 bus" && 2.counted("bus") == "2 buses" && 0.counted("box") == "0 boxes")
        #expect(2.counted("person") == "2 persons" && 1234.counted("bench") == "1,234 benches")
        #expect(
            2.counted("cherry") == "2 cherries" && 2.counted("key") == "2 keys" && 3.counted("class_0") == "3 class_0")
    }

    @Test func longNamesAreCut() {
        let error = InputError(
            "request", at: "field \(String(repeating: "z", count: 4_000_000))", "there is no such field")
        #expect(error.description.utf8.count < 3000)
        #expect(
            error.description.hasPrefix("request, field zzz") && error.description.hasSuffix("there is no such field"))
        #expect(InputError("a.json", "is empty").description == "a.json: is empty")
    }

    @Test(arguments: [
        ("plain é 日本\n", "plain é 日本\\u000a", "plain é 日本\n"),
        ("\u{1b}]0;owned\u{7}", "\\u001b]0;owned\\u0007", "\\u001b]0;owned\\u0007"),
        ("a\u{9b}31m\u{202e}b\rc", "a\\u009b31m\\u202eb\\u000dc", "a\\u009b31m\\u202eb\\u000dc"),
    ])
    func controlCharactersAreShown(_ text: String, _ line: String, _ lines: String) {
        #expect(text.printable() == line)
        #expect(text.printable(keepsLines: true) == lines)
    }
}
