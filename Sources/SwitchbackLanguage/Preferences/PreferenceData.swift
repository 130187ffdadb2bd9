import Switchback
import SwitchbackFormats

/// Pairs of answers of which people, or a judge, preferred one, as the package `trl` has them: JSON Lines with `prompt`,
/// `chosen` and `rejected`, see `PreferenceRecord`. One JSON list (`.json`) and columns of a `.csv` file are read, too.
public struct PreferenceData: Sendable {
    public let path: String
    /// How many pairs there are.
    public let count: Int
    private let records: RecordFile

    /// Reads a file, which may be gzipped; empty lines are passed over.
    ///
    /// Throws one `InputError` over all pairs that cannot be used, which says of each what is wrong.
    public init(_ path: String) throws {
        self.path = path
        records = RecordFile(path, kind: "pair")
        count = try records.count { _ = try PreferenceRecord($0) }
    }

    /// Calls `body` with the conversation that was chosen, and the one that was rejected, of each pair, in order.
    public func forEach(_ body: (_ chosen: ChatData.Entry, _ rejected: ChatData.Entry) throws -> Void) throws {
        try records.forEach { record in
            let pair = try PreferenceRecord(record())
            try body(pair.chosen, pair.rejected)
        }
    }
}
