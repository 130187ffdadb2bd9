import Kernels

// Numbers as text, as C's `printf` writes them.

extension Double {
    /// With so many digits after the point: `formatted(2)` of 1234.5 is "1234.50".
    package func formatted(_ digits: Int) -> String { printed("%.*f", digits) }

    /// One digit before the point, so many after it, and an exponent: `scientific(2)` of 1234.5 is "1.23e+03".
    package func scientific(_ digits: Int) -> String { printed("%.*e", digits) }

    /// So many significant digits, with an exponent where that is shorter: `general(3)` of 1234.5 is "1.23e+03".
    package func general(_ digits: Int) -> String { printed("%.*g", digits) }

    private func printed(_ format: String, _ digits: Int) -> String {
        let arguments: [any CVarArg] = [Int32(digits), self]
        let count = withVaList(arguments) { Int(vsnprintf(nil, 0, format, $0)) }
        return String(unsafeUninitializedCapacity: count + 1) { buffer in
            buffer.withMemoryRebound(to: CChar.self) { characters in
                withVaList(arguments) { Int(vsnprintf(characters.baseAddress, count + 1, format, $0)) }
            }
        }
    }
}
