/// What can go wrong with the folder of results.
public enum CacheError: Error, Sendable, Equatable, CustomStringConvertible {
  /// A file or folder cannot be written.
  case unwritable(String, String)
  /// The file system knows no locks.
  case unlockable(String, String)
  /// The disk is as good as full.
  case full(String, megabytes: Int)
  /// A file that this program wrote does not say what it should.
  case malformed(String, String)

  /// A sentence for people.
  public var description: String {
    switch self {
    case .unwritable(let path, let reason):
      "could not write to \(path): \(reason); make it writable or choose another results folder"
    case .unlockable(let path, let reason):
      "could not lock \(path): \(reason); choose a results folder on a file system with locks"
    case .full(let path, let megabytes):
      "only \(megabytes) MB are free at \(path); free some space or choose another results folder"
    case .malformed(let path, let reason):
      "\(path) is damaged: \(reason); remove it and run again"
    }
  }
}
