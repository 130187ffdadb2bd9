import Foundation
import Switchback

/// The kind of file that a path points to.
enum FileKind {
    case missing, file, folder, special

    init(_ path: String) {
        var status = stat()
        guard stat(path, &status) == 0 else {
            self = .missing
            return
        }
        switch status.st_mode & S_IFMT {
        case S_IFREG: self = .file
        case S_IFDIR: self = .folder
        default: self = .special
        }
    }
}

extension InputError {
    /// A system call on a file failed with the error number `code`: says what it means for the user.
    ///
    /// - Parameter participle: what could not be done: "read", "written".
    public init(_ path: String, cannot participle: String, _ code: Int32) {
        switch code {
        case ENOENT where participle == "read": self.init(path, "there is no such file")
        case ENOENT, ENOTDIR:
            self.init(path, "cannot be \(participle), because its folder does not exist")
        case EACCES, EPERM: self.init(path, "cannot be \(participle), because permission is missing")
        case EROFS: self.init(path, "cannot be \(participle), because the file system is read-only")
        case ENOSPC, EDQUOT: self.init(path, "cannot be \(participle), because the disk is full")
        case EFBIG:
            self.init(path, "cannot be \(participle), because it would exceed the limit on a file's size")
        case 0: self.init(path, "cannot be \(participle)")
        default:
            self.init(path, "cannot be \(participle): \(String(cString: strerror(code)).lowercased())")
        }
    }

    /// Foundation failed over a file: says what that means for the user.
    public init(_ path: String, cannot participle: String, _ error: any Error) {
        let cause = (error as? CocoaError)?.underlying ?? error
        self.init(path, cannot: participle, (cause as? POSIXError)?.code.rawValue ?? 0)
    }
}
