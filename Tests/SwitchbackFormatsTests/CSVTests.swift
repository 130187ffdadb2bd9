import Switchback
import SwitchbackFormats
import TestSupport
import Testing

@Suite struct CSVTests {
    let folder: TemporaryFolder

    init() throws { folder = try TemporaryFolder() }

    private func table(_ text: String, label: CSV.LabelColumn = .automatic) throws -> LabeledTable {
        try CSV.load(folder.write(text, to: "x.csv"), label: label)
    }

    private func problem(_ text: String, label: CSV.LabelColumn = .automatic) -> String {
        do {
            _ = try table(text, label: label)
            return "no error"
        } catch { return "\(error)" }
    }

    @Test func textLabelsBecomeClasses() throws {
        let table = try table("5.1,3.5,setosa\n6.2,-2.9e0,virginica\n\n 4 ,3,setosa")
        #expect(table.features.shape == [3, 2])
        #expect(table.features.toArray() == [5.1, 3.5, 6.2, -2.9, 4, 3])
        #expect(table.classNames == ["setosa", "virginica"])
        #expect(table.labels?.toArray(as: Int.self) == [0, 1, 0])
    }

    @Test func theLabelColumnIsFoundByName() throws {
        let table = try table("label,0,1\r\n10,1,2\r\n9,3,4\r\n")
        #expect(table.featureNames == ["0", "1"])
        #expect(table.classNames == ["9", "10"])
        #expect(table.labels?.toArray(as: Int.self) == [1, 0])
        let named = try self.table("a,b,c\n1,x,2\n3,y,4", label: .named("b"))
        #expect(named.features.toArray() == [1, 2, 3, 4] && named.classNames == ["x", "y"])
        let unlabeled = try self.table("1;2\n3;4", label: .absent)
        #expect(unlabeled.labels == nil && unlabeled.features.shape == [2, 2])
    }

    @Test func quotedCellsHoldAnything() throws {
        let table = try table("\u{FEFF}\"size, cm\",class\n\"1\",\"a \"\"b\"\"\nc\"\n2,d")
        #expect(table.featureNames == ["size, cm"])
        #expect(table.classNames == ["a \"b\"\nc", "d"])
    }

    @Test(arguments: [
        ("a,b,label\n1,2,x\n3,,y", "line 3, column b: the cell is empty"),
        ("a,b,label\n1,2,x\n3,four,y", "line 3, column b: 'four' is not a finite number"),
        ("a,b,label\n1,nan,x", "line 2, column b: 'nan' is not"),
        ("1,2,x\n3,4", "line 2: it has 2 cells, and the first line has 3"),
        ("a,label\n1,x\n2,", "line 3, column label: the cell is empty"),
        ("a,label\n1,0.5", "is a fraction"),
        ("a,label\n\"1,x", "line 2: a quoted cell has no closing quote"),
        ("a,label\n\"1\"2,x", "line 2: text follows"),
        ("a,label\n", "no rows"),
        ("label\n1", "no numeric column"),
        ("\n\n", "the table is empty"),
    ])
    func problemsNameLineAndColumn(_ text: String, _ sentence: String) {
        let found = problem(text)
        #expect(found.contains(sentence) && found.hasPrefix(folder.path("x.csv")), "\(found)")
    }

    @Test func aLabelColumnThatIsNotThereIsNamed() {
        #expect(problem("a,b\n1,2", label: .named("kind")).contains("no column named kind: it has a, b"))
    }
}
