/// The random texts of `Tests/Fixtures/make_tokenizers.py`: words, numbers, contractions, all kinds of space, marks,
/// and characters from everywhere in Unicode.
struct RandomText {
    private var state: UInt64

    init(seed: UInt64) { state = seed }

    private mutating func below(_ n: Int) -> Int {
        state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
        return Int((state >> 33) % UInt64(n))
    }

    private mutating func scalar(_ low: Int, _ high: Int) -> String {
        String(Unicode.Scalar(UInt32(low + below(high - low))) ?? "\u{FFFD}")
    }

    private mutating func pick(_ list: [String]) -> String { list[below(list.count)] }

    private mutating func letter() -> String { String(Unicode.Scalar(UInt8(97 + below(26)))) }

    private mutating func unit() -> String {
        let kind = below(16)
        switch kind {
        case 0..<4:
            let word = (0..<1 + below(8)).map { _ in letter() }.joined()
            return kind == 3 ? word.prefix(1).uppercased() + word.dropFirst() : word
        case 4: return (0..<1 + below(5)).map { _ in "\(below(10))" }.joined()
        case 5: return pick(["'s", "'t", "'re", "'VE", "'m", "'Ll", "'d", "'\u{17f}", "'x", "'S", "'l", "'"])
        case 6:
            return pick([
                " ", "  ", "\n", "\r\n", "\t", "\u{a0}", "\u{3000}", "\u{2028}", "   \n ", "\u{85}", " \n\n  ",
                "\u{200b}",
            ])
        case 7:
            let marks = "!?.,;:-_()[]{}<>@#$%^&*+=/\\|~`\"".unicodeScalars.map { String($0) }
            return pick(marks + ["...", "\u{2014}", "\u{3002}", "\u{bf}", "!!\n", "$$ \n"])
        case 8: return scalar(0xA0, 0x250)
        case 9: return scalar(0x370, 0x530)
        case 10: return scalar(0x4E00, 0xD7A4)
        case 11:
            return pick([
                "\u{1f600}", "\u{1f468}\u{200d}\u{1f469}\u{200d}\u{1f467}", "\u{1f1e9}\u{1f1ea}", "\u{2764}\u{fe0f}",
                "<|endoftext|>", "[MASK]", "<|begin_of_text|>", "\u{1f44d}\u{1f3fd}",
            ])
        case 12: return letter() + scalar(0x300, 0x370)
        case 13: return scalar(0x600, 0xE80)
        case 14: return scalar(0, 0x10000)
        default: return scalar(0x10000, 0x110000)
        }
    }

    mutating func next() -> String {
        var text = String.UnicodeScalarView()
        for _ in 0..<1 + below(24) {
            text += unit().unicodeScalars
            if below(2) == 1 { text.append(" ") }
        }
        return String(text)
    }
}
