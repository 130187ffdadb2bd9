import Switchback

extension InputError {
    /// The same error where a folder is made under another name until it is whole: about the file as it would have been.
    package func about(_ folder: String, insteadOf temporary: String) -> InputError {
        guard subject.hasPrefix(temporary) else { return self }
        return InputError(folder + subject.dropFirst(temporary.count), at: place, problem, remedy: remedy)
    }
}
