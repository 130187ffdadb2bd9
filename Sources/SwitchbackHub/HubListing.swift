import Foundation
import Switchback
import SwitchbackFormats

/// What a hub says of a model: the commit of a revision, and its files.
struct HubListing {
    struct File: Sendable, Equatable {
        /// Its path in the model's folder.
        let path: String
        /// In bytes, where it is told.
        let size: Int?
        /// What its contents must hash to, where it is told.
        let identity: ContentIdentity?
    }

    let commit: String
    let files: [File]

    /// Reads the answer to `GET /api/models/ORG/NAME/revision/REVISION?blobs=true`:
    ///
    ///     {"sha": …, "siblings": [{"rfilename": …, "size": …, "blobId": …, "lfs": {"sha256": …}}, …]}
    ///
    /// Throws `InputError` over an answer of another form, and over names that would lead out of the model's folder.
    init(_ answer: [UInt8], from address: String) throws {
        let value: JSON
        do {
            value = try JSON(text: String(decoding: answer, as: UTF8.self))
        } catch {
            throw InputError(address, "the answer is not JSON: is it the address of a hub?")
        }
        let fields = try ConfigurationFields(value, path: address)
        commit = try fields.string("sha")
        guard commit.utf8.count <= 64, commit.allSatisfy(\.isHexDigit), !commit.isEmpty else {
            throw fields.problem("sha", "it is not a commit")
        }
        files = try fields.entries("siblings").map { entry in
            let path = try entry.string("rfilename")
            guard HubModel.isSafePath(path), path.utf8.count < 1024 else {
                throw entry.problem("rfilename", "\(path) is not the name of a file in a folder")
            }
            let large = try entry.object("lfs")
            let hash = try large?["sha256"] == nil ? large?.string("oid", default: "") : large?.string("sha256")
            let name = try hash ?? entry.string("blobId", default: "")
            let size = try entry["size"] == nil ? nil : entry.integer("size", minimum: 0)
            return File(path: path, size: size, identity: ContentIdentity(name))
        }
    }
}
